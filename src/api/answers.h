// The functions behind the route table, one a route; each answers its call or asks the store and
// leaves a Render that will.
//
// Thread: I/O.
#pragma once

#include "api/call.h"

namespace doorbuster::api {

// sale_answers.cc
void create_sale(Call& call);
void list_sales(Call& call);
void read_sale(Call& call);
void read_status(Call& call);
void read_stats(Call& call);

// sale_change_answers.cc
void patch_sale(Call& call);
void pause_sale(Call& call);
void resume_sale(Call& call);
void close_sale(Call& call);
void cancel_sale(Call& call);
void delete_sale(Call& call);

// claim_answers.cc
void claim_units(Call& call);
void read_claim(Call& call);

// claim_list_answers.cc
void read_own_claims(Call& call);
void list_claims(Call& call);

// claim_change_answers.cc
void confirm_claim(Call& call);
void extend_claim(Call& call);
void release_claim(Call& call);

// recipe_answers.cc: the three endpoints of the recipe
void send_goods(Call& call);
void claim_goods(Call& call);
void list_goods(Call& call);

// events_answers.cc
void read_events(Call& call);

// web_answers.cc: what browsers are served
void lead_to_console(Call& call);
void lead_to_demo(Call& call);
void send_console_file(Call& call);
void send_demo_file(Call& call);
void send_element(Call& call);

// session_answers.cc: the console's sign-in
void read_session(Call& call);
void sign_in(Call& call);
void sign_out(Call& call);

// about_answers.cc
void describe_server(Call& call);
void describe_problem(Call& call);
void describe_api(Call& call);

}  // namespace doorbuster::api
