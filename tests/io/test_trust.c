#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fd.h"
#include "read_file.h"
#include "secret.h"
#include "text.h"
#include "trust.h"

#define SOMEBODY 2001 /* a user who is neither root nor who runs this; only root can make files of his */

static char folder[] = "/tmp/test_trust.XXXXXX", path[64];

static int folder_make(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "%s/it", mkdtemp(folder));
    return 0;
}

static int folder_remove(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void file_make(mode_t mode, uid_t owner)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "s3!cret\n", 8), 8);
    assert_int_equal(fchown(fd, owner, (gid_t)-1), 0);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void files(void **state)
{
    const struct {
        const char *why;
        mode_t mode;
        uid_t owner;
        enum err given, own, closed;
    } rows[] = {
        { "one's own", 0600, (uid_t)-1, OK, OK, OK },
        { "others read it", 0644, (uid_t)-1, OK, OK, ERR_REFUSED },
        { "the group reads it", 0640, (uid_t)-1, OK, OK, ERR_REFUSED },
        { "the group writes it", 0620, (uid_t)-1, ERR_REFUSED, ERR_REFUSED, ERR_REFUSED },
        { "others write it", 0602, (uid_t)-1, ERR_REFUSED, ERR_REFUSED, ERR_REFUSED },
        { "somebody else's", 0600, SOMEBODY, ERR_REFUSED, ERR_REFUSED, ERR_REFUSED },
        { "somebody else's, for all to read", 0644, SOMEBODY, ERR_REFUSED, ERR_REFUSED, ERR_REFUSED },
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct errbuf e = { 0 };
        char *secret = NULL;
        int fd;
        if (rows[i].owner == SOMEBODY && geteuid() != 0)
            continue;
        file_make(rows[i].mode, rows[i].owner);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        print_message("%s\n", rows[i].why);
        assert_int_equal(trust_check(fd, TRUST_GIVEN, path, &e), rows[i].given);
        assert_int_equal(trust_check(fd, TRUST_OWN, path, &e), rows[i].own);
        assert_int_equal(trust_check(fd, TRUST_CLOSED, path, &e), rows[i].closed);
        close(fd);
        assert_int_equal(secret_read(path, &secret, &e), rows[i].given);
        fd = -1;
        assert_int_equal(secret_open(path, &fd, &e), rows[i].given);
        fd_close(fd);
        secret_free(secret);
        if (rows[i].given != OK)
            assert_non_null(strstr(e.text, path));
        unlink(path);
    }
}

/* In a process of SOMEBODY: its exit status is 0 if `check` holds. */
static int as_somebody(bool (*check)(void))
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(setgroups(0, NULL) == 0 && setgid(SOMEBODY) == 0 && setuid(SOMEBODY) == 0 && check() ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static bool is_given_but_not_own(const char *name)
{
    struct errbuf e = { 0 };
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    bool is = fd >= 0 && trust_check(fd, TRUST_GIVEN, name, &e) == OK &&
              trust_check(fd, TRUST_OWN, name, &e) == ERR_REFUSED &&
              trust_check(fd, TRUST_CLOSED, name, &e) == ERR_REFUSED;
    fd_close(fd);
    return is;
}

static bool roots_is_given_but_not_own(void)
{
    return is_given_but_not_own(path);
}

static bool is_no_secret(void)
{
    struct errbuf e = { 0 };
    char *secret = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC), opened;
    return fd >= 0 && trust_check(fd, TRUST_GIVEN, path, &e) == ERR_REFUSED &&
           secret_read(path, &secret, &e) == ERR_REFUSED && secret_open(path, &opened, &e) == ERR_REFUSED;
}

/* Who is not root is given files by root, too, and by nobody else. */
static void what_others_may_be_given(void **state)
{
    char other[80];
    (void)state;
    if (geteuid() != 0) { /* this is somebody: whoever else's files it cannot make */
        assert_true(is_given_but_not_own("/etc/passwd"));
        return;
    }
    snprintf(other, sizeof other, "%s/other", folder);
    assert_int_equal(chmod(folder, 0755), 0);
    file_make(0644, 0);
    assert_int_equal(as_somebody(roots_is_given_but_not_own), 0);
    assert_int_equal(link(path, other), 0); /* of what is only read another name does no harm */
    assert_int_equal(as_somebody(roots_is_given_but_not_own), 0);
    unlink(other);
    unlink(path);
    file_make(0644, SOMEBODY + 1);
    assert_int_equal(as_somebody(is_no_secret), 0);
    unlink(path);
    assert_int_equal(chmod(folder, 0700), 0);
}

/* What root is configured with gives it orders; who is not root reads what it may. */
static void what_root_reads_is_roots(void **state)
{
    struct errbuf e = { 0 };
    int fd = -1;
    (void)state;
    if (geteuid() != 0) {
        file_make(0666, (uid_t)-1);
        assert_int_equal(read_file_open(path, &fd, &e), OK);
        close(fd);
        unlink(path);
        return;
    }
    file_make(0644, SOMEBODY);
    assert_int_equal(read_file_open(path, &fd, &e), ERR_REFUSED);
    assert_non_null(strstr(e.text, "belongs to another user"));
    unlink(path);
    file_make(0666, 0);
    assert_int_equal(read_file_open(path, &fd, &e), ERR_REFUSED);
    unlink(path);
    file_make(0644, 0);
    assert_int_equal(read_file_open(path, &fd, &e), OK);
    close(fd);
    unlink(path);
}

/* The sentence has the command that mends it, and after that command it is mended. */
static void a_refusal_says_what_mends_it(void **state)
{
    const struct {
        mode_t mode;
        uid_t owner;
        enum trust trust;
        bool is_folder;
        const char *says;
    } rows[] = {
        { 0660, (uid_t)-1, TRUST_GIVEN, false, "(mode 0660): chmod go-w " },
        { 0646, (uid_t)-1, TRUST_OWN, false, "(mode 0646): chmod go-w " },
        { 0644, (uid_t)-1, TRUST_CLOSED, false, "(mode 0644): chmod go-rwx " },
        { 02775, (uid_t)-1, TRUST_OWN, true, "(mode 2775): chmod go-w " },
        { 0755, (uid_t)-1, TRUST_CLOSED, true, "(mode 0755): chmod go-rwx " },
        { 0600, SOMEBODY, TRUST_GIVEN, false, "(uid 2001, and this runs as uid 0): chown 0 " },
        { 0700, SOMEBODY, TRUST_OWN, true, "(uid 2001, and this runs as uid 0): chown 0 " },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char command[256];
        struct errbuf e = { 0 };
        const char *said;
        int fd;
        if (rows[i].owner == SOMEBODY && geteuid() != 0)
            continue;
        assert_int_equal(rows[i].is_folder ? mkdir(path, 0700) : close(open(path, O_CREAT | O_CLOEXEC, 0600)), 0);
        assert_int_equal(chown(path, rows[i].owner, (gid_t)-1), 0);
        assert_int_equal(chmod(path, rows[i].mode), 0);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_int_equal(trust_check(fd, rows[i].trust, path, &e), ERR_REFUSED);
        said = strstr(e.text, rows[i].says);
        if (!said)
            fail_msg("%s", e.text);
        snprintf(command, sizeof command, "%.*s", (int)strcspn(strstr(said, "): ") + 3, ","), strstr(said, "): ") + 3);
        assert_non_null(strstr(command, path));
        assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a command of this test's own */
        assert_int_equal(trust_check(fd, rows[i].trust, path, &e), OK);
        close(fd);
        (void)remove(path);
    }
}

/* Wherever a file lies, the sentence has its whole path. */
static void a_file_in_a_folder_is_named_in_full(void **state)
{
    struct errbuf e = { 0 };
    int dir, fd;
    (void)state;
    file_make(0666, (uid_t)-1);
    assert_int_equal(trust_folder(folder, TRUST_OWN, &dir, &e), OK);
    assert_int_equal(trust_file(dir, path, TRUST_OWN, O_RDWR, &fd, &e), ERR_REFUSED);
    assert_non_null(strstr(e.text, path));
    assert_non_null(strstr(strstr(e.text, "chmod"), path));
    close(dir);
    unlink(path);
}

static void folders(void **state)
{
    const struct {
        const char *why;
        mode_t mode;
        uid_t owner;
        enum err own, closed;
    } rows[] = {
        { "one's own", 0700, (uid_t)-1, OK, OK },
        { "others look into it", 0755, (uid_t)-1, OK, ERR_REFUSED },
        { "the group writes there", 0770, (uid_t)-1, ERR_REFUSED, ERR_REFUSED },
        { "all write there, and remove only what is theirs", 01777, (uid_t)-1, ERR_REFUSED, ERR_REFUSED },
        { "somebody else's", 0700, SOMEBODY, ERR_REFUSED, ERR_REFUSED },
        { "somebody else's, open to all", 0777, SOMEBODY, ERR_REFUSED, ERR_REFUSED },
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct errbuf e = { 0 };
        int fd = -1;
        if (rows[i].owner == SOMEBODY && geteuid() != 0)
            continue;
        assert_int_equal(mkdir(path, 0700), 0);
        assert_int_equal(chown(path, rows[i].owner, (gid_t)-1), 0);
        assert_int_equal(chmod(path, rows[i].mode), 0);
        print_message("%s\n", rows[i].why);
        assert_int_equal(trust_folder(path, TRUST_OWN, &fd, &e), rows[i].own);
        fd = fd_close(fd);
        assert_int_equal(trust_folder(path, TRUST_CLOSED, &fd, &e), rows[i].closed);
        fd_close(fd);
        rmdir(path);
    }
}

/* What a volume's group may write (fsGroup) is accepted where that is all, and said. */
static void what_a_group_may_write_is_mendable(void **state)
{
    const struct {
        const char *why;
        mode_t mode;
        enum err want;
        uid_t owner;
        bool is_folder, has_link;
    } rows[] = {
        { "a folder", 02770, OK, (uid_t)-1, true, false },
        { "a file", 0660, OK, (uid_t)-1, false, false },
        { "nothing to be mended", 0600, OK, (uid_t)-1, false, false },
        { "all may write it", 0777, ERR_REFUSED, (uid_t)-1, true, false },
        { "a file with another name", 0660, ERR_REFUSED, (uid_t)-1, false, true },
        { "somebody else's", 0770, ERR_REFUSED, SOMEBODY, true, false },
    };
    char other[80];
    (void)state;
    snprintf(other, sizeof other, "%s/other", folder);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct errbuf e = { 0 };
        int fd;
        if (rows[i].owner == SOMEBODY && geteuid() != 0)
            continue;
        assert_int_equal(rows[i].is_folder ? mkdir(path, 0700) : close(open(path, O_CREAT | O_CLOEXEC, 0600)), 0);
        assert_int_equal(rows[i].has_link ? link(path, other) : 0, 0);
        assert_int_equal(chown(path, rows[i].owner, (gid_t)-1), 0);
        assert_int_equal(chmod(path, rows[i].mode), 0);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        print_message("%s\n", rows[i].why);
        assert_int_equal(trust_check(fd, TRUST_MENDABLE, path, &e), rows[i].want);
        assert_int_equal(e.text[0] != '\0', rows[i].mode != 0600);
        close(fd);
        (void)unlink(other);
        (void)remove(path);
    }
}

static void a_folder_is_made(void **state)
{
    struct errbuf e = { 0 };
    struct stat status;
    int fd;
    (void)state;
    assert_int_equal(trust_folder(path, TRUST_CLOSED, &fd, &e), OK);
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    close(fd);
    rmdir(path);
    assert_int_equal(trust_folder("/nowhere/at/all", TRUST_OWN, &fd, &e), ERR_IO);
}

/* What a start would say of it, and nothing is made. */
static void a_folder_is_only_looked_for(void **state)
{
    struct errbuf e = { 0 };
    char within[80];
    int fd = 7;
    (void)state;
    assert_int_equal(trust_folder_find(path, TRUST_OWN, &fd, &e), OK);
    assert_int_equal(fd, -1);
    assert_int_equal(access(path, F_OK), -1);
    snprintf(within, sizeof within, "%s/it", path);
    assert_int_equal(trust_folder_find(within, TRUST_OWN, &fd, &e), ERR_IO); /* only itself would be made */
    assert_int_equal(trust_folder_find("nothing-here", TRUST_OWN, &fd, &e), OK);
    assert_int_equal(trust_folder_find("/nothing-here", TRUST_OWN, &fd, &e), geteuid() == 0 ? OK : ERR_IO);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(trust_folder_find(path, TRUST_OWN, &fd, &e), OK);
    assert_int_not_equal(fd, -1);
    close(fd);
    assert_int_equal(chmod(path, 0770), 0);
    assert_int_equal(trust_folder_find(path, TRUST_OWN, &fd, &e), ERR_REFUSED);
    rmdir(path);
    assert_int_equal(symlink(folder, path), 0);
    assert_int_equal(trust_folder_find(path, TRUST_OWN, &fd, &e), ERR_REFUSED);
    unlink(path);
}

static void a_link_is_no_folder(void **state)
{
    char slashes[80];
    struct errbuf e = { 0 };
    int fd;
    (void)state;
    snprintf(slashes, sizeof slashes, "%s//", path);
    assert_int_equal(symlink(folder, path), 0);
    assert_int_equal(trust_folder(path, TRUST_OWN, &fd, &e), ERR_REFUSED);
    assert_int_equal(trust_folder(slashes, TRUST_OWN, &fd, &e), ERR_REFUSED);
    unlink(path);
}

/* Each lies in a folder of one's own, where somebody put it before that was so. */
static void what_lies_in_a_folder(void **state)
{
    struct errbuf e = { 0 };
    char other[80];
    int dir, fd;
    (void)state;
    snprintf(other, sizeof other, "%s/other", folder);
    assert_int_equal(trust_folder(folder, TRUST_OWN, &dir, &e), OK);
    assert_int_equal(trust_file(dir, "it", TRUST_OWN, O_RDWR | O_CREAT, &fd, &e), OK);
    close(fd);

    assert_int_equal(link(path, other), 0);
    assert_int_equal(trust_file(dir, "it", TRUST_OWN, O_RDWR, &fd, &e), ERR_REFUSED);
    assert_non_null(strstr(e.text, "hard link"));
    unlink(other);

    assert_int_equal(symlink(path, other), 0);
    assert_int_equal(trust_file(dir, "other", TRUST_OWN, O_RDWR | O_CREAT, &fd, &e), ERR_IO);
    unlink(other);

    assert_int_equal(mkdir(other, 0700), 0);
    assert_int_equal(trust_file(dir, "other", TRUST_OWN, O_RDONLY, &fd, &e), ERR_IO);
    rmdir(other);

    assert_int_equal(mkfifo(other, 0600), 0);
    assert_int_equal(trust_file(dir, "other", TRUST_OWN, O_RDWR, &fd, &e), ERR_IO);
    unlink(other);

    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(trust_file(dir, "it", TRUST_OWN, O_RDONLY, &fd, &e), ERR_REFUSED);
    unlink(path);
    close(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files),
        cmocka_unit_test(what_others_may_be_given),
        cmocka_unit_test(what_root_reads_is_roots),
        cmocka_unit_test(a_refusal_says_what_mends_it),
        cmocka_unit_test(a_file_in_a_folder_is_named_in_full),
        cmocka_unit_test(folders),
        cmocka_unit_test(what_a_group_may_write_is_mendable),
        cmocka_unit_test(a_folder_is_made),
        cmocka_unit_test(a_folder_is_only_looked_for),
        cmocka_unit_test(a_link_is_no_folder),
        cmocka_unit_test(what_lies_in_a_folder),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
