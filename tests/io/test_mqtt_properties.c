/* What is read of a message's properties, and how many. */
#include "mqtt_properties.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void so_many_user_properties_are_read(void **state)
{
    static const struct {
        unsigned user, counted; /* in front of the response topic */
        bool is_topic_read;
    } rows[] = {
        { 0, 0, true },
        { MESSAGE_PROPERTIES_MAX, MESSAGE_PROPERTIES_MAX, true },
        { MESSAGE_PROPERTIES_MAX + 1, MESSAGE_PROPERTIES_MAX + 1, false },
        { 13000, MESSAGE_PROPERTIES_MAX + 1, false },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct message message = { 0 };
        struct mqtt_copies copies = { 0 };
        mosquitto_property *list = NULL;
        assert_int_equal(mosquitto_property_add_int32(&list, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, 7), MOSQ_ERR_SUCCESS);
        for (unsigned n = 0; n < rows[i].user; n++)
            assert_int_equal(mosquitto_property_add_string_pair(&list, MQTT_PROP_USER_PROPERTY, "", ""),
                             MOSQ_ERR_SUCCESS);
        assert_int_equal(mosquitto_property_add_string(&list, MQTT_PROP_RESPONSE_TOPIC, "t"), MOSQ_ERR_SUCCESS);
        assert_true(mqtt_properties_read(list, &message, &copies));
        assert_int_equal(message.expiry_s, 7);
        assert_int_equal(message.properties, rows[i].counted);
        assert_int_equal(text_is(message.response_topic, "t"), rows[i].is_topic_read);
        mqtt_copies_clear(&copies);
        mosquitto_property_free_all(&list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(so_many_user_properties_are_read) };
    return cmocka_run_group_tests_name("mqtt_properties", tests, NULL, NULL);
}
