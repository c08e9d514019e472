#include "base/secret_name.h"

#include <gtest/gtest.h>

namespace firstseen {
namespace {

TEST(SecretName, IsThatOfAPasswordASecretATokenOrAPrivateKey) {
  for (const char* name : {"sasl.password", "SASL.PASSWORD", "ssl.key.password", "ssl.key.pem", "ssl.certificate.pem",
                           "ssl.ca.pem", "ssl.keystore.password", "sasl.oauthbearer.client.secret", "sasl.jaas.config",
                           "sasl.oauthbearer.config", "sasl.oauthbearer.token"}) {
    EXPECT_TRUE(is_secret_name(name)) << name;
  }
  for (const char* name : {"", "sasl.username", "security.protocol", "client.id", "sasl.kerberos.kinit.cmd"}) {
    EXPECT_FALSE(is_secret_name(name)) << name;
  }
}

TEST(SecretName, IsNotThatOfAPath) {
  for (const char* name : {"ssl.key.location", "ssl.keystore.location", "ssl.ca.location", "sasl.kerberos.keytab",
                           "sasl.oauthbearer.assertion.private.key.file"}) {
    EXPECT_TRUE(is_path_name(name)) << name;
    EXPECT_FALSE(is_secret_name(name)) << name;
  }
}

}  // namespace
}  // namespace firstseen
