"""What the broker, crash and bench tiers share: an Apache Kafka broker, the daemon as a process, a producer that keeps
an account of what it sent, and the verifier that compares this account with what was published."""
