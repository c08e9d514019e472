#include "ingest/file_list.h"

#include "unit/ingest/support.h"

namespace firstseen::ingest::test {
namespace {

namespace fs = std::filesystem;

Texts names_in(const FileList& list, const fs::path& root) {
  Texts names;
  for (const fs::path& file : list.files) names.push_back(file.lexically_relative(root).string());
  return names;
}

TEST(FileList, DirectoriesAreWalkedAndEveryFileComesOnceInOrderOfItsPath) {
  const TemporaryDirectory directory;
  for (const char* name : {"b.csv", "a/2.csv", "a/1.csv", "a/z/3.csv", ".hidden.csv", ".git/x.csv"})
    directory.write(name, "");
  fs::create_symlink(directory.path() / "b.csv", directory.path() / "link.csv");
  fs::create_directory_symlink(directory.path(), directory.path() / "a/loop");
  const std::string root = directory.path().string();
  const FileList list = list_files({root, root + "/a", root + "/b.csv"}, {});
  EXPECT_EQ(names_in(list, root), (Texts{"a/1.csv", "a/2.csv", "a/z/3.csv", "b.csv", "link.csv"}));
  EXPECT_TRUE(list.unreadable.empty());
  EXPECT_EQ(list_files({root}, {.pattern = "*", .hidden = true}).files.size(), 7U);
}

TEST(FileList, APatternChoosesAmongTheFilesOfDirectoriesOnly) {
  const TemporaryDirectory directory;
  for (const char* name : {"a.csv", "b.txt", "sub/c.csv"}) directory.write(name, "");
  const std::string root = directory.path().string();
  EXPECT_EQ(names_in(list_files({root, root + "/b.txt"}, {.pattern = "*.csv"}), root),
            (Texts{"a.csv", "b.txt", "sub/c.csv"}));
}

TEST(FileList, AQuotedPatternIsExpandedAndANameThatLeadsNowhereIsReported) {
  const TemporaryDirectory directory;
  for (const char* name : {"a1.csv", "a2.csv", "b[1].csv"}) directory.write(name, "");
  const std::string root = directory.path().string();
  const FileList list = list_files({root + "/a?.csv", root + "/b[1].csv", root + "/none*", root + "/gone"}, {});
  EXPECT_EQ(names_in(list, root), (Texts{"a1.csv", "a2.csv", "b[1].csv"}));
  ASSERT_EQ(list.unreadable.size(), 2U);
  EXPECT_TRUE(contains(list.unreadable[0].message, "none*"));
  EXPECT_EQ(list.unreadable[1].exit, Exit::io);
}

}  // namespace
}  // namespace firstseen::ingest::test
