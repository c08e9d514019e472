#pragma once

namespace firstseen {

/// Has the cache line of an address brought near. The empty statement keeps that from being lost: GCC takes a function
/// that does nothing but this for one without an effect, and leaves the calls of it out.
inline void prefetch(const void* address) {
  __builtin_prefetch(address);
  asm volatile("");
}

/// The same for a line that is going to be written.
inline void prefetch_to_write(const void* address) {
  __builtin_prefetch(address, 1);
  asm volatile("");
}

}  // namespace firstseen
