#pragma once

#include "key/deriver.h"

namespace firstseen::dedup {

enum class Verdict { first_seen, duplicate, rejected, passed };

/// The decision: a message is a duplicate if and only if an entry of its key within the window exists.
/// `seen`: such an entry was found; only asked for when a key could be derived.
constexpr Verdict decide(key::Derived::Kind derived, bool seen) {
  switch (derived) {
    case key::Derived::Kind::key:
      return seen ? Verdict::duplicate : Verdict::first_seen;
    case key::Derived::Kind::pass:
      return Verdict::passed;
    case key::Derived::Kind::reject:
      break;
  }
  return Verdict::rejected;
}

}  // namespace firstseen::dedup
