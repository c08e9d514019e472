#include "manual/man_page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <sstream>
#include <vector>

namespace firstseen::manual {
namespace {

constexpr std::size_t widest = 78;  // of a source line: mandoc(1) complains above 80

std::string escape_word(std::string_view word) {
  const std::size_t first = word.find_first_not_of("'\"([");
  const bool option = first != std::string_view::npos && word[first] == '-' && word.size() > first + 1;
  std::string escaped;
  for (const char c : word) {
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-' && option) {
      escaped += "\\-";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

/// A control character of roff at a line's begin would make it a request.
std::string protect(const std::string& line) {
  return !line.empty() && (line.front() == '.' || line.front() == '\'') ? "\\&" + line : line;
}

/// Words as lines of the source, each of them with a line break.
std::string fill(std::string_view text) {
  std::istringstream words{std::string(text)};
  std::string filled;
  std::string line;
  for (std::string word; words >> word;) {
    const std::string escaped = escape_word(word);
    if (!line.empty() && line.size() + 1 + escaped.size() > widest) {
      filled += protect(line) + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + escaped;
  }
  return line.empty() ? filled : filled + protect(line) + "\n";
}

std::string bold(std::string_view text) { return fmt::format("\\fB{}\\fR", escape_word(text)); }
std::string italic(std::string_view text) { return fmt::format("\\fI{}\\fR", escape_word(text)); }

std::string sentence(const std::string& text) { return text.empty() || text.back() == '.' ? text : text + "."; }

/// Paragraphs are filled; lines that begin with blanks stand as they are.
std::string notes(const std::string& text) {
  std::istringstream lines(text);
  std::string made;
  std::string paragraph;
  bool verbatim = false;
  const auto end_paragraph = [&] {
    made += fill(paragraph);
    paragraph.clear();
  };
  for (std::string line; std::getline(lines, line);) {
    const bool as_it_is = line.starts_with(' ');
    if (as_it_is != verbatim) {
      end_paragraph();
      made += as_it_is ? ".PP\n.nf\n" : ".fi\n.PP\n";
      verbatim = as_it_is;
    }
    if (as_it_is) {
      made += roff(line) + "\n";
    } else {
      paragraph += line + " ";
    }
  }
  end_paragraph();
  return verbatim ? made + ".fi\n" : made;
}

std::string many(bool repeatable) { return repeatable ? "..." : ""; }

/// What a value is, after the help.
std::string facts(const Value& value, bool required, bool repeatable) {
  std::string text;
  if (required) text += " Required.";
  if (repeatable) text += " May be repeated.";
  if (!value.standard.empty()) text += fmt::format(" Default: {}", value.standard);
  return text;
}

std::string describe_option(const Option& option) {
  std::string tag;
  for (const std::string& name : option.names) tag += (tag.empty() ? "" : ", ") + bold(name);
  if (option.value.takes != Takes::nothing) tag += " " + italic(option.value.placeholder);
  return ".TP\n" + tag + "\n" + fill(sentence(option.help) + facts(option.value, option.required, option.repeatable));
}

std::string synopsis(const Command& command) {
  std::string words = ".B " + escape_word(command.name) + "\n";
  if (!command.groups.empty()) words += "[\\fIOPTION\\fR]...\n";
  for (const Option* option : all_options(command)) {
    if (!option->required || option->also_argument) continue;
    words += fmt::format("{} {}\n", bold(option->names.back()), italic(option->value.placeholder));
  }
  for (const Argument& argument : command.arguments) {
    const std::string name = italic(argument.name) + many(argument.repeatable);
    words += argument.required ? name + "\n" : "[" + name + "]\n";
  }
  if (!command.commands.empty()) words += "\\fICOMMAND\\fR\n";
  if (!command.behind.empty()) words += fmt::format("{} {}\n", bold("--"), italic(command.behind));
  return words;
}

std::string options(const Command& command) {
  std::string text;
  for (const Group& group : command.groups) {
    if (!group.title.empty()) {
      text += fmt::format(".SS {}{}\n", group.title, group.rule.empty() ? "" : " (" + group.rule + ")");
    }
    for (const Option& option : group.options) text += describe_option(option);
  }
  return text;
}

std::string arguments(const Command& command) {
  std::string text;
  for (const Argument& argument : command.arguments) {
    text += ".TP\n" + italic(argument.name) + many(argument.repeatable) + "\n" +
            fill(sentence(argument.help) + facts(argument.value, argument.required, argument.repeatable));
  }
  return text;
}

/// The page's name as roff takes it: its dashes stay dashes.
std::string roff_name(const Command& command) {
  std::string name;
  for (const char c : page_name(command)) name += c == '-' ? "\\-" : std::string(1, c);
  return name;
}

std::string reference(const Command& command) { return fmt::format(".BR {} (1)", roff_name(command)); }

std::string commands(const Command& command) {
  std::string text;
  for (const Command& sub : command.commands) text += ".TP\n" + reference(sub) + "\n" + fill(sentence(sub.summary));
  return text;
}

/// The pages of the commands that this one belongs to.
std::string references(const Command& command, const Command& program) {
  std::vector<std::string> pages;
  for (const Command* other : flatten(program)) {
    if (command.name.starts_with(other->name + " ")) pages.push_back(reference(*other));
  }
  return pages.empty() ? "" : fmt::format("{}\n", fmt::join(pages, " ,\n"));
}

std::string without_period(const std::string& text) {
  return text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
}

std::string section(std::string_view title, const std::string& body) {
  return body.empty() ? "" : fmt::format(".SH {}\n{}", title, body);
}

}  // namespace

std::string page_name(const Command& command) {
  std::string name = command.name;
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string roff(std::string_view text) {
  std::string made;
  std::string word;
  for (const char c : text) {
    if (c == ' ') {
      made += escape_word(word) + " ";
      word.clear();
    } else {
      word += c;
    }
  }
  return protect(made + escape_word(word));
}

std::string man_page(const Command& command, const Command& program, const Edition& edition) {
  std::string title = page_name(command);
  std::transform(title.begin(), title.end(), title.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::string description = fill(sentence(command.summary));
  if (!command.notes.empty()) description += ".PP\n" + notes(command.notes);
  return fmt::format(".TH {} 1 {} \"{} {}\"\n", title, edition.date, program.name, edition.version) +
         section("NAME", roff_name(command) + " \\-\n" + fill(without_period(command.summary))) +
         section("SYNOPSIS", synopsis(command)) + section("DESCRIPTION", description) +
         section("ARGUMENTS", arguments(command)) + section("OPTIONS", options(command)) +
         section("COMMANDS", commands(command)) + section("SEE ALSO", references(command, program));
}

}  // namespace firstseen::manual
