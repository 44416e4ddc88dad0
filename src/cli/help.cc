#include "cli/help.h"

#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>

#include "cli/command_tree.h"

namespace doorbuster::cli {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kWidestHead = 32;

struct Row {
  std::string head;
  std::string text;
  std::string note{};  // "(default 1)"
};

struct Part {
  const char* title;
  std::vector<Row> rows;
};

// "-h, --help"
std::string head_of(const CLI::Option& option) {
  std::string head;
  for (const std::string& name : option.get_snames()) head += "-" + name + ", ";
  for (const std::string& name : option.get_lnames()) head += "--" + name + ", ";
  head.erase(head.size() - 2);
  const std::string type = option.get_type_name();
  return takes_value(option) && !type.empty() ? head + " " + type : head;
}

std::string note_of(const CLI::Option& option) {
  std::string notes;
  const auto note = [&notes](const std::string& text) {
    notes += (notes.empty() ? "(" : ", ") + text;
  };
  if (option.get_required()) note("required");
  if (!option.get_envname().empty()) note("or " + option.get_envname());
  if (takes_value(option) && !option.get_default_str().empty()) {
    note("default " + option.get_default_str());
  }
  return notes.empty() ? notes : notes + ")";
}

std::vector<Part> parts_of(const CLI::App& app) {
  Part arguments{"Arguments", {}};
  for (const CLI::Option* argument : arguments_of(app)) {
    arguments.rows.push_back({argument->get_name(true, false), argument->get_description()});
  }
  Part options{"Options", {}};
  for (const CLI::Option* option : options_of(app)) {
    options.rows.push_back({head_of(*option), option->get_description(), note_of(*option)});
  }
  Part commands{"Commands", {}};
  for (const CLI::App* command : commands_of(app)) {
    commands.rows.push_back({command->get_name(), command->get_description()});
  }
  // --help is known; it stands behind what is looked for.
  std::rotate(options.rows.begin(), options.rows.begin() + 1, options.rows.end());
  return {std::move(commands), std::move(arguments), std::move(options)};
}

std::string usage_of(const CLI::App& app) {
  std::string usage = "Usage: " + full_name(app);
  if (!commands_of(app).empty()) return usage + " COMMAND";
  for (const CLI::Option* argument : arguments_of(app)) {
    usage += " " + argument->get_name(true, false);
  }
  for (const CLI::Option* option : options_of(app)) {
    if (option->get_required()) usage += " " + head_of(*option);
  }
  return usage + " [OPTIONS]";
}

// Appends text and note of `row` from `column` on, in as many lines as it takes; the note is not
// broken.
void append_wrapped(std::string& out, const Row& row, std::size_t column) {
  std::vector<std::string> words;
  std::istringstream text(row.text);
  for (std::string word; text >> word;) words.push_back(word);
  if (!row.note.empty()) words.push_back(row.note);
  std::size_t at = column;
  for (const std::string& word : words) {
    if (at > column && at + 1 + word.size() > kWidth) {
      out += "\n" + std::string(column, ' ');
      at = column;
    } else if (at > column) {
      out += ' ';
      ++at;
    }
    out += word;
    at += word.size();
  }
  out += '\n';
}

void append_row(std::string& out, const Row& row, std::size_t column) {
  out += "  " + row.head;
  const std::size_t used = row.head.size() + 2;
  if (used + 2 > column) {
    out += "\n" + std::string(column, ' ');
  } else {
    out.append(column - used, ' ');
  }
  append_wrapped(out, row, column);
}

}  // namespace

std::string Help::make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const {
  const std::vector<Part> parts = parts_of(*app);
  std::size_t head = 0;
  for (const Part& part : parts) {
    for (const Row& row : part.rows) {
      if (row.head.size() <= kWidestHead) head = std::max(head, row.head.size());
    }
  }
  std::string out = app->get_footer() + "\n" + usage_of(*app) + "\n";
  for (const Part& part : parts) {
    if (part.rows.empty()) continue;
    out += std::string("\n") + part.title + ":\n";
    for (const Row& row : part.rows) append_row(out, row, head + 4);
  }
  return out;
}

}  // namespace doorbuster::cli
