#include "filter/filter.h"

#include <utility>

#include "ingest/decompress.h"
#include "ingest/line_reader.h"
#include "ingest/sniff.h"

namespace firstseen::filter {
namespace {

constexpr std::size_t batch_bytes = std::size_t{1} << 20U;
constexpr std::uint64_t batch_lines = 100'000;
/// How often the clock is read within one batch, in lines.
constexpr std::uint64_t clock_every = 4096;

/// The format that would have read an input better than `auto`, which does not go by names; empty: none.
std::string_view likely_format(const std::string& name) {
  const auto format = ingest::format_of(name);
  return format && *format == ingest::Format::csv ? "csv" : "";
}

}  // namespace

Filter::Filter(std::unique_ptr<key::Deriver> deriver, std::unique_ptr<SeenKeys> keys, Millis ttl, ingest::Format format,
               int output_fd, const Clock& clock)
    : deriver_(std::move(deriver)),
      keys_(std::move(keys)),
      format_(format),
      output_(output_fd),
      clock_(clock),
      progress_(clock),
      window_(ttl, "lines", "raise --max-size or lower --ttl"),
      now_ms_(clock.wall_ms()) {
  window_.saw(keys_->covered(now_ms_));
}

Result<std::unique_ptr<ingest::RecordReader>> Filter::open(const std::string& name) const {
  std::unique_ptr<ingest::ByteSource> file;
  if (name == "-") {
    file = ingest::FileSource::standard_input();
  } else {
    auto opened = ingest::FileSource::open(name);
    if (!opened) return forward(opened.error());
    file = std::move(*opened);
  }
  auto source = ingest::decompressed(std::move(file));
  if (!source) return forward(source.error());
  ingest::Format format = format_;
  if (format == ingest::Format::automatic) {
    auto sniffed = ingest::sniff(std::move(*source));
    if (!sniffed) return forward(sniffed.error());
    format = sniffed->first_byte == '[' ? ingest::Format::json_array : ingest::Format::json_lines;
    source = std::move(sniffed->source);
  }
  if (format != ingest::Format::json_lines) return ingest::make_record_reader(format, std::move(*source));
  // A line that is not JSON is rejected by itself, by the key; it does not end the input.
  return std::make_unique<ingest::LineReader>(std::move(*source), ingest::BlankLines::skip,
                                              ingest::CarriageReturns::keep);
}

Result<Filter::ReadInput> Filter::read(const std::string& name) {
  rejects_.begin_input(name == "-" ? "stdin" : name);
  auto reader = open(name);
  if (!reader) return ReadInput{reader.error()};
  ingest::Record record;
  ReadInput outcome;
  for (bool more = true; more && !outcome.reader_gone;) {
    const auto found = (*reader)->next(record);
    more = found && *found;
    if (more) take(record);
    if (!found) outcome.fault = found.error();
    if (more && !is_batch_full() && !(*reader)->would_wait()) continue;
    const auto written = end_batch();
    if (!written) return forward(written.error());
    outcome.reader_gone = !*written;
  }
  const std::string_view by_name = format_ == ingest::Format::automatic ? likely_format(name) : "";
  rejects_.end_input(by_name);
  return outcome;
}

bool Filter::is_batch_full() const {
  return output_.pending_bytes() >= batch_bytes || total_ - total_at_batch_end_ >= batch_lines;
}

void Filter::take(const ingest::Record& record) {
  ++total_;
  if (++since_look_at_clock_ >= clock_every) {
    since_look_at_clock_ = 0;
    now_ms_ = clock_.wall_ms();
    progress_.show(total_, first_seen_);
  }
  MessageView message;
  message.value = record.bytes;
  deriver_->derive(message, derived_);
  if (derived_.kind != key::Derived::Kind::key) {
    rejects_.add(record, derived_.rejection);
  } else if (keys_->add_if_new(derived_.digest, now_ms_, record.bytes)) {
    ++first_seen_;
    output_.add(record.bytes);
  }
}

/// First the lines, then their keys. False when the reader of the output has gone away: the keys are not stored.
Result<bool> Filter::end_batch() {
  now_ms_ = clock_.wall_ms();
  since_look_at_clock_ = 0;
  total_at_batch_end_ = total_;
  progress_.show(total_, first_seen_);
  auto written = output_.flush();
  if (!written || !*written) return written;
  if (auto stored = keys_->commit(); !stored) return forward(stored.error());
  window_.saw(keys_->covered(now_ms_));
  return true;
}

Result<void> Filter::close() {
  window_.end();
  return keys_->close();
}

Summary Filter::summary() const {
  return {total_,           first_seen_,   total_ - first_seen_ - rejects_.total(),
          rejects_.total(), keys_->size(), window_.least()};
}

}  // namespace firstseen::filter
