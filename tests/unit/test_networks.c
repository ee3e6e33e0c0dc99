/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lists of networks as mynetworks has them.
 */
#include "networks.h"
#include "unit.h"

#define DEBIAN "127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128"

static void test_have(void **state)
{
    (void)state;
    static const struct {
        const char *list, *address;
        enum verdict verdict;
    } cases[] = {
        {DEBIAN, "127.0.0.1", HOLDS},
        {DEBIAN, "127.255.0.1", HOLDS},
        {DEBIAN, "128.0.0.1", FAILS},
        {DEBIAN, "::1", HOLDS},
        {DEBIAN, "::2", FAILS},
        {DEBIAN, "192.0.2.1", FAILS},
        {"192.0.2.0/25", "192.0.2.127", HOLDS},
        {"192.0.2.0/25", "192.0.2.128", FAILS},
        {"192.0.2.1", "192.0.2.1", HOLDS},
        {"192.0.2.1", "192.0.2.2", FAILS},
        {"0.0.0.0/0", "198.51.100.7", HOLDS},
        {"0.0.0.0/0", "2001:db8::1", FAILS},
        {"[2001:db8::]/33", "2001:db8:7fff::1", HOLDS},
        {"[2001:db8::]/33", "2001:db8:8000::1", FAILS},
        {"!192.0.2.1, 192.0.2.0/24", "192.0.2.1", FAILS},
        {"!192.0.2.1,192.0.2.0/24", "192.0.2.2", HOLDS},
        {"192.0.2.0/24 !192.0.2.1", "192.0.2.1", HOLDS}, /* the first that fits */
        {"", "192.0.2.1", FAILS},
        {"/etc/postfix/networks", "192.0.2.1", CANNOT_TELL},
        {"hash:/etc/postfix/networks", "192.0.2.1", CANNOT_TELL},
        {"192.0.2.0/24 hash:/etc/postfix/networks", "192.0.2.1", HOLDS},
        {"192.0.2.0/33", "192.0.2.1", CANNOT_TELL},
        {"127.0.0.0/8", "mail.example.org", CANNOT_TELL},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        if (networks_have(cases[i].list, cases[i].address) != cases[i].verdict)
            fail_msg("%s in %s", cases[i].address, cases[i].list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {fresh_test(test_have)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
