package firstseen.bench;

import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.WindowStore;

/** Forwards a record unless one with its key was seen within the window, as the tutorials on deduplication do. */
final class Deduplicator implements Processor<byte[], byte[], byte[], byte[]> {
  static final String STORE = "seen";

  private final long windowMs;
  private ProcessorContext<byte[], byte[]> context;
  private WindowStore<Bytes, Long> seen;

  Deduplicator(final long windowMs) {
    this.windowMs = windowMs;
  }

  @Override
  public void init(final ProcessorContext<byte[], byte[]> newContext) {
    context = newContext;
    seen = context.getStateStore(STORE);
  }

  @Override
  public void process(final Record<byte[], byte[]> record) {
    final Bytes key = Bytes.wrap(record.key());
    final long time = record.timestamp();
    if (isDuplicate(key, time)) {
      return;
    }
    seen.put(key, time, time);
    context.forward(record);
  }

  private boolean isDuplicate(final Bytes key, final long time) {
    try (var found = seen.fetch(key, Math.max(0, time - windowMs), time + windowMs)) {
      return found.hasNext();
    }
  }
}
