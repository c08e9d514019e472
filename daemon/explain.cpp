#include "explain.h"

#include <fmt/format.h>

#include <istream>
#include <ostream>
#include <vector>

#include "base/hex.h"
#include "key/deriver.h"
#include "key/digester.h"
#include "key/json_text.h"
#include "message_json.h"
#include "read_text.h"

namespace firstseen::daemon {
namespace {

using key::json_quoted;

std::string_view outcome(key::Derived::Kind kind) {
  switch (kind) {
    case key::Derived::Kind::key:
      return "key";
    case key::Derived::Kind::reject:
      return "reject";
    case key::Derived::Kind::pass:
      return "pass";
  }
  return "unknown";
}

void write_text(const key::Explanation& explanation, std::string_view algorithm, std::ostream& out) {
  for (const key::ExplainedRule& rule : explanation.rules) {
    out << fmt::format("rule      {}\n  {}  {}\n", rule.rule, rule.used ? "fits   " : "no     ", rule.why);
  }
  for (const key::ExplainedPart& part : explanation.parts) {
    out << fmt::format("part      {}\n  found   {}\n", part.part, part.found);
    if (!part.canonical_hex.empty()) out << fmt::format("  bytes   {}\n", part.canonical_hex);
  }
  const key::Derived& result = explanation.result;
  if (result.kind == key::Derived::Kind::key) {
    out << fmt::format("encoding  {}\n{:<10}{}\nstored    {}\n", explanation.canonical_hex, algorithm,
                       explanation.full_digest_hex, to_hex(result.digest.bytes));
    return;
  }
  const bool reject = result.kind == key::Derived::Kind::reject;
  out << fmt::format("no key    {}: {}\n{}\n", result.rejection.reason, result.rejection.detail,
                     reject ? "          the message takes the rejects route"
                            : "          the message is published without being checked (on_missing: pass)");
}

/// The member `rules`, where there are rules.
std::string rules_json(const key::Explanation& explanation) {
  std::string rules;
  for (const key::ExplainedRule& rule : explanation.rules) {
    rules += fmt::format("{}{{\"rule\":{},\"condition\":{},\"fits\":{}}}", rules.empty() ? "" : ",",
                         json_quoted(rule.rule), json_quoted(rule.why), rule.used);
  }
  return rules.empty() ? std::string() : fmt::format("\"rules\":[{}],", rules);
}

void write_json(const key::Explanation& explanation, std::string_view algorithm, std::ostream& out) {
  std::string parts;
  for (const key::ExplainedPart& part : explanation.parts) {
    parts += fmt::format("{}{{\"part\":{},\"found\":{},\"canonical\":\"{}\"}}", parts.empty() ? "" : ",",
                         json_quoted(part.part), json_quoted(part.found), part.canonical_hex);
  }
  const key::Derived& result = explanation.result;
  out << "{" << rules_json(explanation);
  out << fmt::format("\"parts\":[{}],\"result\":\"{}\"", parts, outcome(result.kind));
  if (result.kind == key::Derived::Kind::key) {
    out << fmt::format(",\"canonical\":\"{}\",\"algorithm\":\"{}\",\"digest\":\"{}\",\"stored\":\"{}\"}}\n",
                       explanation.canonical_hex, algorithm, explanation.full_digest_hex, to_hex(result.digest.bytes));
  } else {
    out << fmt::format(",\"reason\":{},\"detail\":{}}}\n", json_quoted(result.rejection.reason),
                       json_quoted(result.rejection.detail));
  }
}

}  // namespace

Result<void> explain(const key::KeySpec& spec, std::istream& message_json, const ExplainOptions& options,
                     std::ostream& out) {
  auto deriver = key::Deriver::make(spec);
  if (!deriver) return forward(deriver.error());
  const auto text = read_text(message_json, "the message");
  if (!text) return forward(text.error());
  const auto message = read_message_json(*text, options.default_topic);
  if (!message) return forward(message.error());
  std::vector<HeaderView> headers;
  const key::Explanation explanation = (*deriver)->explain(view_of(*message, headers));
  (options.json ? write_json : write_text)(explanation, key::digest_name(spec.digest), out);
  return {};
}

}  // namespace firstseen::daemon
