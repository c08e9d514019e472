#pragma once

#include <cerrno>
#include <string_view>

namespace firstseen::store {

/// What to do when a file of a store cannot be written: for an errno that says it of the whole file system, else
/// `otherwise`.
constexpr std::string_view io_advice(int code, std::string_view otherwise) {
  switch (code) {
    case EROFS:
      return "make the file system writable again (the kernel log says why it is not); where it must be unmounted for "
             "that, stop this process first";
    case EIO:
      return "check the disk, also for free space, and the kernel log; where the file system has shut down, stop this "
             "process and mount it anew";
    default:
      return otherwise;
  }
}

}  // namespace firstseen::store
