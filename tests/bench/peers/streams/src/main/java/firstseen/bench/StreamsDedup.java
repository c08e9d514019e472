package firstseen.bench;

import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.Stores;

/**
 * Deduplicates a topic by record key within a day, exactly once, until SIGTERM: the peer of ./dev bench peers.
 *
 * <p>StreamsDedup BROKERS INPUT OUTPUT APPLICATION_ID STATE_DIRECTORY THREADS COMMIT_INTERVAL_MS [CACHING] [NAME=VALUE...]
 */
public final class StreamsDedup {
  private static final Duration WINDOW = Duration.ofDays(1);

  private StreamsDedup() {}

  private static Topology topology(final String input, final String output, final boolean caching) {
    final var store =
        Stores.windowStoreBuilder(
            Stores.persistentWindowStore(Deduplicator.STORE, WINDOW, WINDOW, false), Serdes.Bytes(), Serdes.Long());
    return new Topology()
        .addSource("input", Serdes.ByteArray().deserializer(), Serdes.ByteArray().deserializer(), input)
        .addProcessor("deduplicator", () -> new Deduplicator(WINDOW.toMillis()), "input")
        .addStateStore(caching ? store.withCachingEnabled() : store.withCachingDisabled(), "deduplicator")
        .addSink("output", output, Serdes.ByteArray().serializer(), Serdes.ByteArray().serializer(), "deduplicator");
  }

  private static Properties properties(final String[] arguments) {
    final var made = new Properties();
    made.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
    made.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[3]);
    made.put(StreamsConfig.STATE_DIR_CONFIG, arguments[4]);
    made.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, arguments[5]);
    made.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, arguments[6]);
    made.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    made.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    made.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
    for (int i = 8; i < arguments.length; ++i) {
      final var pair = arguments[i].split("=", 2);
      made.put(pair[0], pair[1]);
    }
    return made;
  }

  public static void main(final String[] arguments) throws InterruptedException {
    final var streams =
        new KafkaStreams(
            topology(arguments[1], arguments[2], arguments.length > 7 && arguments[7].equals("caching")),
            properties(arguments));
    final var stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  streams.close(Duration.ofSeconds(10));
                  stopped.countDown();
                }));
    streams.start();
    stopped.await();
  }
}
