# cmake -DFILE=... -DNAME=... -DHEADER=... -DNAMESPACE=... -DOUTPUT=... -P embed_file.cmake; see embed.cmake.
file(READ ${FILE} text)
file(SHA256 ${FILE} hash)
string(SUBSTRING ${hash} 0 32 tag)
# The delimiter of the literal is one that no text of ours has.
string(FIND "${text}" ")doorbuster\"" found)
if(NOT found EQUAL -1)
  message(FATAL_ERROR "${FILE} contains the end of a raw string")
endif()
file(WRITE ${OUTPUT} "// Made from ${FILE}.
#include \"${HEADER}\"

namespace doorbuster::${NAMESPACE} {
namespace {
constexpr char kText[] = R\"doorbuster(${text})doorbuster\";
}
decltype(${NAME}) ${NAME} = {{kText, sizeof kText - 1}, \"\\\"${tag}\\\"\"};
}  // namespace doorbuster::${NAMESPACE}
")
