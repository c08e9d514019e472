#include "page/html.h"

#include <fmt/format.h>

#include "config/utf8.h"

namespace firstseen::page {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD

constexpr std::string_view style = R"(
:root{color-scheme:light dark;--ink:#1c2126;--dim:#5a6570;--paper:#fff;--line:#d9dee3;--good:#0a7a3d;--busy:#8a5a00;--bad:#b3261e;--mark:#2563b8}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ec;--dim:#98a3ad;--paper:#14181c;--line:#2f373f;--good:#5fd08f;--busy:#f0b94d;--bad:#ff8a80;--mark:#79b0ff}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:70rem;font:16px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:1.1rem;margin:0;color:var(--dim);font-weight:600}
h2{font-size:1rem;margin:1.6rem 0 .4rem}
.verdict{font-size:2.2rem;font-weight:700;margin:.1rem 0 0}
.good{color:var(--good)}.busy{color:var(--busy)}.bad{color:var(--bad)}
p{margin:.2rem 0 .8rem;overflow-wrap:anywhere}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:.25rem .6rem;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:0;white-space:normal;overflow-wrap:anywhere}
th{color:var(--dim);font-weight:600}
ul{list-style:none;margin:0;padding:0}
li{padding:.25rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(16rem,1fr));gap:1rem}
figure{margin:0}figcaption{color:var(--dim);font-size:.9rem}
svg{width:100%;height:4.5rem;border-bottom:1px solid var(--line);display:block}
polyline{fill:none;stroke:var(--mark);stroke-width:1.5;vector-effect:non-scaling-stroke}
meter{width:100%;height:1rem}
pre{overflow-x:auto;font-size:.85rem;border:1px solid var(--line);padding:.6rem}
a{color:var(--mark)}
footer{margin-top:1.6rem}
footer,.note{color:var(--dim);font-size:.9rem}
@media (max-width:500px){
th,td{padding:.25rem .3rem}
.many,.many thead,.many tbody{display:block}
.many tr{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));padding:.25rem 0;border-bottom:1px solid var(--line)}
.many th,.many td{border:0;padding:0 .3rem 0 0;font-size:.85rem;white-space:normal;overflow-wrap:anywhere}
.many th:first-child,.many td:first-child{grid-column:1/-1;font-size:1rem}
.many th:nth-child(6),.many td:nth-child(6){grid-column:span 2}
}
)";

/// More columns than a phone has room for: there the cells of a row, and of the head, stand in several lines.
constexpr std::size_t many_columns = 4;

std::string_view entity(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return {};
  }
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
}

void append_escaped(std::string& out, std::string_view valid) {
  for (const char c : valid) {
    if (const std::string_view spelt = entity(c); !spelt.empty()) {
      out += spelt;
    } else if (is_control(c)) {
      out += replacement;
    } else {
      out += c;
    }
  }
}

std::string cells(std::string_view tag, const std::vector<std::string>& texts) {
  std::string row = "<tr>";
  for (const std::string& text : texts) row += fmt::format("<{0}>{1}</{0}>", tag, escape(text));
  return row + "</tr>\n";
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (true) {
    const std::size_t valid = config::valid_utf8_prefix(text);
    append_escaped(out, text.substr(0, valid));
    if (valid == text.size()) return out;
    out += replacement;
    text.remove_prefix(valid + 1);
  }
}

HtmlTable::HtmlTable(const std::vector<std::string>& head)
    : html_(fmt::format("<div class=\"wide\"><table{}>\n<thead>{}</thead>\n<tbody>\n",
                        head.size() < many_columns ? "" : " class=\"many\"", cells("th", head))) {}

void HtmlTable::row(const std::vector<std::string>& texts) { html_ += cells("td", texts); }

std::string HtmlTable::html() const { return html_ + "</tbody></table></div>\n"; }

std::string document(std::string_view title, std::string_view body, int refresh_s) {
  const std::string refresh =
      refresh_s == 0 ? "" : fmt::format("<meta http-equiv=\"refresh\" content=\"{}\">\n", refresh_s);
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "{}<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      refresh, escape(title), style, body);
}

}  // namespace firstseen::page
