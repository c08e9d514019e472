#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace firstseen::key {

/// A stretch of the encoding in document order.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// One member of an object being read.
struct Member {
  std::string_view name;  ///< after unescaping
  std::size_t at = 0;     ///< where its name stands in the document
  Range encoding;         ///< name and value
};

/// Puts the members of encoded objects in order. A document is encoded as it is read; objects whose members were not in
/// order are noted here and put right in one copy at the end, so that the cost does not grow with the nesting.
class MemberOrder {
 public:
  void clear();
  /// Notes an object whose members, given in their right order, fill their common stretch in another one.
  void note(const std::vector<Member>& members, std::size_t first);
  /// Appends a stretch of `encoding` to `out` with every noted object in it in order.
  void append_ordered(const std::string& encoding, Range stretch, std::string& out);

 private:
  struct Object {
    Range members;  ///< the stretch that they fill
    std::size_t first = 0;
    std::size_t count = 0;
  };

  void append_stretch(const std::string& encoding, Range stretch, std::string& out) const;

  std::vector<Object> objects_;
  std::vector<Range> order_;  ///< the members of all noted objects, each object's in their right order
};

}  // namespace firstseen::key
