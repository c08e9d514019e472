#include "ingest/file_list.h"

#include <grp.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <iostream>

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

TEST(FileList, LinksThatLeadNowhereAreReportedAndTheOthersGoOn) {
  const TemporaryDirectory directory;
  directory.write("a.csv", "");
  fs::create_symlink("gone.csv", directory.path() / "nowhere.csv");
  fs::create_symlink("circle.csv", directory.path() / "circle.csv");
  fs::create_symlink("gone.txt", directory.path() / "not-asked-for.txt");
  const FileList list = list_files({directory.path().string()}, {.pattern = "*.csv"});
  EXPECT_EQ(names_in(list, directory.path()), Texts{"a.csv"});
  std::string why;
  for (const Error& error : list.unreadable) why += error.message + "\n";
  EXPECT_EQ(list.unreadable.size(), 2U) << why;
  EXPECT_TRUE(contains(why, "nowhere.csv: the link leads nowhere"));
  EXPECT_TRUE(contains(why, "circle.csv: Too many levels of symbolic links"));
}

TEST(FileList, ATreeDeeperThanThereAreDescriptorsIsWalked) {
  const TemporaryDirectory directory;
  fs::path deep;
  for (int i = 0; i < 200; ++i) deep /= "d";
  directory.write((deep / "a.csv").string(), "");
  rlimit usual{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);
  const rlimit few{100, usual.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const FileList list = list_files({directory.path().string()}, {});
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);
  EXPECT_EQ(names_in(list, directory.path()), Texts{(deep / "a.csv").string()});
  EXPECT_TRUE(list.unreadable.empty());
}

TEST(FileList, ANameThatGoesBackThroughALinkStandsForWhereItLeads) {
  const TemporaryDirectory directory;
  directory.write("real/inner/b.csv", "");
  directory.write("real/a.csv", "right");
  directory.write("a.csv", "wrong");
  fs::create_directory_symlink("real/inner", directory.path() / "link");
  const std::string root = directory.path().string();
  EXPECT_EQ(names_in(list_files({root + "/link/../a.csv"}, {}), fs::canonical(root)), Texts{"real/a.csv"});
  EXPECT_EQ(names_in(list_files({root + "/link/.."}, {}), fs::canonical(root)),
            (Texts{"real/a.csv", "real/inner/b.csv"}));
  EXPECT_EQ(names_in(list_files({root + "/real/../link/b.csv"}, {}), root), Texts{"link/b.csv"});
}

/// Whether `work` is true in a child process to which the permissions of files apply even if this is root's.
bool holds_without_privileges(const std::function<bool()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    constexpr uid_t nobody = 65534;
    const bool dropped = geteuid() != 0 || (setgroups(0, nullptr) == 0 && setresgid(nobody, nobody, nobody) == 0 &&
                                            setresuid(nobody, nobody, nobody) == 0);
    _exit(dropped && work() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(FileList, DirectoriesThatMayNotBeReadOrSearchedAreReportedAndTheOthersGoOn) {
  const TemporaryDirectory directory;
  directory.write("a.csv", "");
  directory.write("closed/b.csv", "");
  directory.write("unsearchable/c.csv", "");
  const auto allow = [&](const char* name, fs::perms what) { fs::permissions(directory.path() / name, what); };
  allow("", fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec | fs::perms::others_read |
                fs::perms::others_exec);
  allow("closed", fs::perms::none);
  allow("unsearchable", fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read);
  EXPECT_TRUE(holds_without_privileges([&] {
    const FileList list = list_files({directory.path().string()}, {});
    std::string why;
    for (const Error& error : list.unreadable) why += error.message + "\n";
    const bool told =
        contains(why, "closed: Permission denied") && contains(why, "unsearchable/c.csv: Permission denied");
    if (!told) std::cerr << why;
    return told && names_in(list, directory.path()) == Texts{"a.csv"};
  }));
  allow("closed", fs::perms::owner_all);
  allow("unsearchable", fs::perms::owner_all);
}

}  // namespace
}  // namespace firstseen::ingest::test
