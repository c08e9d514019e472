#include "key/json_order.h"

#include <algorithm>

namespace firstseen::key {

void MemberOrder::clear() {
  objects_.clear();
  order_.clear();
}

void MemberOrder::note(const std::vector<Member>& members, std::size_t first) {
  Object object{members[first].encoding, order_.size(), members.size() - first};
  for (std::size_t i = first; i < members.size(); ++i) {
    order_.push_back(members[i].encoding);
    object.members.begin = std::min(object.members.begin, members[i].encoding.begin);
    object.members.end = std::max(object.members.end, members[i].encoding.end);
  }
  objects_.push_back(object);
}

void MemberOrder::append_ordered(const std::string& encoding, Range stretch, std::string& out) {
  std::sort(objects_.begin(), objects_.end(),
            [](const Object& a, const Object& b) { return a.members.begin < b.members.begin; });
  append_stretch(encoding, stretch, out);
}

void MemberOrder::append_stretch(const std::string& encoding, Range stretch, std::string& out) const {
  std::size_t at = stretch.begin;
  while (true) {
    // Members never begin with the stretch itself: a tag or a name comes first.
    const auto object = std::upper_bound(objects_.begin(), objects_.end(), at,
                                         [](std::size_t place, const Object& o) { return place < o.members.begin; });
    if (object == objects_.end() || object->members.begin >= stretch.end) break;
    out.append(encoding, at, object->members.begin - at);
    for (std::size_t i = 0; i < object->count; ++i) append_stretch(encoding, order_[object->first + i], out);
    at = object->members.end;
  }
  out.append(encoding, at, stretch.end - at);
}

}  // namespace firstseen::key
