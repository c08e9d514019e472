#include "ingest/sniff.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

namespace firstseen::ingest {
namespace {

/// Bytes that were read already, then the rest of their source.
class ReplayedSource final : public ByteSource {
 public:
  ReplayedSource(std::string read, std::unique_ptr<ByteSource> rest) : read_(std::move(read)), rest_(std::move(rest)) {}

  Result<std::size_t> read(std::span<char> into) override {
    if (at_ == read_.size()) return rest_->read(into);
    const std::size_t count = std::min(into.size(), read_.size() - at_);
    std::copy_n(read_.begin() + static_cast<std::ptrdiff_t>(at_), count, into.begin());
    at_ += count;
    return count;
  }
  [[nodiscard]] bool would_wait() const override { return at_ == read_.size() && rest_->would_wait(); }
  [[nodiscard]] const std::string& name() const override { return rest_->name(); }

 private:
  const std::string read_;
  std::size_t at_ = 0;
  std::unique_ptr<ByteSource> rest_;
};

}  // namespace

Result<Sniffed> sniff(std::unique_ptr<ByteSource> source) {
  constexpr std::size_t piece_bytes = 4096;
  std::string read;
  std::optional<char> first;
  std::array<char, piece_bytes> piece{};
  while (!first) {
    const auto count = source->read(piece);
    if (!count) return forward(count.error());
    if (*count == 0) break;
    const std::string_view bytes(piece.data(), *count);
    read += bytes;
    if (const auto at = bytes.find_first_not_of(" \t\r\n"); at != std::string_view::npos) first = bytes[at];
  }
  return Sniffed{std::make_unique<ReplayedSource>(std::move(read), std::move(source)), first.value_or('\0')};
}

}  // namespace firstseen::ingest
