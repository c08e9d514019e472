#pragma once

namespace firstseen {

/// Puts something in the place of each standard descriptor that the caller has closed. Otherwise the next file to be
/// opened, a store's too, would get its number, and what is printed would be written into that file. To be called
/// before anything is opened. stderr then leads nowhere; reading stdin and writing to stdout fail as they do where
/// they are closed, for what nobody can get must not count as written. False when that cannot be done.
bool open_standard_descriptors();

}  // namespace firstseen
