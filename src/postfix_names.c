/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The names of Postfix's parameters; see postfix_names.h. Read out of mail_params.h of each release.
 *
 * Limits: versions are those of releases (2.3, 3.10), and of 3.12 what its snapshots have. The first one is
 * 1.1; what it has is said to be of 1.0. A name that newer versions still read, as the default of another, is
 * not taken to be gone.
 */
#include "postfix_names.h"

#include <string.h>

#define NEWEST "3.12"

static const struct {
    const char *since, *until, *names; /* until: the first version without them */
} NAMES[] = {
    {"1.0", "2.0", "qmgr_site_hog_factor smtp_break_lines"},
    {"1.0", "2.1", "extract_recipient_limit program_directory smtp_skip_4xx_greeting"},
    {"1.0", NULL,
     "2bounce_notice_recipient access_map_reject_code alias_database alias_maps "
     "allow_mail_to_commands allow_mail_to_files allow_min_user allow_percent_hack "
     "allow_untrusted_routing alternate_config_directories always_bcc append_at_myorigin "
     "append_dot_mydomain best_mx_transport biff body_checks bounce_notice_recipient "
     "bounce_size_limit broken_sasl_auth_clients canonical_maps command_directory "
     "command_expansion_filter command_time_limit config_directory content_filter daemon_directory "
     "daemon_timeout debug_peer_level debug_peer_list debugger_command default_database_type "
     "default_delivery_slot_cost default_delivery_slot_discount default_delivery_slot_loan "
     "default_destination_concurrency_limit default_destination_recipient_limit "
     "default_extra_recipient_limit default_minimum_delivery_slots default_privs "
     "default_process_limit default_recipient_limit default_transport default_verp_delimiters "
     "defer_transports delay_notice_recipient delay_warning_time deliver_lock_attempts "
     "deliver_lock_delay disable_dns_lookups disable_verp_bounces disable_vrfy_command dont_remove "
     "double_bounce_sender duplicate_filter_limit empty_address_recipient error_notice_recipient "
     "expand_owner_alias export_environment fallback_relay fallback_transport fast_flush_domains "
     "fast_flush_purge_time fast_flush_refresh_time fault_injection_code fork_attempts fork_delay "
     "forward_expansion_filter forward_path hash_queue_depth hash_queue_names header_checks "
     "header_size_limit home_mailbox hopcount_limit ignore_mx_lookup_error import_environment "
     "in_flow_delay inet_interfaces initial_destination_concurrency invalid_hostname_reject_code "
     "ipc_idle ipc_timeout line_length_limit lmtp_cache_connection lmtp_connect_timeout "
     "lmtp_data_done_timeout lmtp_data_init_timeout lmtp_data_xfer_timeout lmtp_lhlo_timeout "
     "lmtp_mail_timeout lmtp_quit_timeout lmtp_rcpt_timeout lmtp_rset_timeout "
     "lmtp_sasl_auth_enable lmtp_sasl_password_maps lmtp_sasl_security_options "
     "lmtp_skip_quit_response lmtp_tcp_port local_command_shell local_recipient_maps "
     "local_transport luser_relay mail_name mail_owner mail_release_date mail_spool_directory "
     "mail_version mailbox_command mailbox_command_maps mailbox_delivery_lock mailbox_size_limit "
     "mailbox_transport mailq_path manpage_directory maps_rbl_domains maps_rbl_reject_code "
     "masquerade_classes masquerade_domains masquerade_exceptions max_idle max_use "
     "maximal_backoff_time maximal_queue_lifetime message_size_limit minimal_backoff_time "
     "mydestination mydomain myhostname mynetworks mynetworks_style myorigin newaliases_path "
     "non_fqdn_reject_code notify_classes owner_request_special parent_domain_matches_subdomains "
     "permit_mx_backup_networks prepend_delivered_header process_id process_id_directory "
     "process_name propagate_unmatched_extensions qmgr_fudge_factor qmgr_message_active_limit "
     "qmgr_message_recipient_limit qmgr_message_recipient_minimum qmqpd_authorized_clients "
     "qmqpd_error_delay qmqpd_timeout queue_directory queue_minfree queue_run_delay "
     "readme_directory recipient_canonical_maps recipient_delimiter reject_code relay_domains "
     "relay_domains_reject_code relayhost relocated_maps require_home_directory "
     "resolve_dequoted_address sample_directory sender_canonical_maps sendmail_path "
     "service_throttle_time setgid_group smtp_always_send_ehlo smtp_bind_address "
     "smtp_connect_timeout smtp_data_done_timeout smtp_data_init_timeout smtp_data_xfer_timeout "
     "smtp_helo_timeout smtp_line_length_limit smtp_mail_timeout smtp_never_send_ehlo "
     "smtp_pix_workaround_delay_time smtp_pix_workaround_threshold_time smtp_quit_timeout "
     "smtp_randomize_addresses smtp_rcpt_timeout smtp_sasl_auth_enable smtp_sasl_password_maps "
     "smtp_sasl_security_options smtp_skip_5xx_greeting smtp_skip_quit_response smtpd_banner "
     "smtpd_client_restrictions smtpd_delay_reject smtpd_error_sleep_time smtpd_etrn_restrictions "
     "smtpd_hard_error_limit smtpd_helo_required smtpd_helo_restrictions "
     "smtpd_history_flush_threshold smtpd_junk_command_limit smtpd_noop_commands "
     "smtpd_null_access_lookup_key smtpd_recipient_limit smtpd_recipient_restrictions "
     "smtpd_restriction_classes smtpd_sasl_auth_enable smtpd_sasl_local_domain "
     "smtpd_sasl_security_options smtpd_sender_login_maps smtpd_sender_restrictions "
     "smtpd_soft_error_limit smtpd_timeout soft_bounce stale_lock_time strict_rfc821_envelopes "
     "sun_mailtool_compatibility swap_bangpath syslog_facility syslog_name transport_maps "
     "transport_retry_time trigger_timeout undisclosed_recipients_header "
     "unknown_address_reject_code unknown_client_reject_code unknown_hostname_reject_code "
     "verp_delimiter_filter virtual_gid_maps virtual_mailbox_base virtual_mailbox_limit "
     "virtual_mailbox_lock virtual_mailbox_maps virtual_maps virtual_minimum_uid virtual_uid_maps"},
    {"2.0", NULL,
     "authorized_verp_clients berkeley_db_create_buffer_size berkeley_db_read_buffer_size "
     "body_checks_size_limit bounce_service_name cleanup_service_name default_rbl_reply defer_code "
     "defer_service_name disable_mime_input_processing disable_mime_output_conversion "
     "error_service_name flush_service_name header_address_token_limit helpful_warnings "
     "mime_boundary_length_limit mime_header_checks mime_nesting_limit nested_header_checks "
     "pickup_service_name proxy_interfaces proxy_read_maps qmgr_clog_warn_time "
     "queue_file_attribute_count_limit queue_service_name rbl_reply_maps relay_recipient_maps "
     "relay_transport rewrite_service_name show_user_unknown_table_name showq_service_name "
     "smtp_helo_name smtpd_data_restrictions smtpd_expansion_filter strict_7bit_headers "
     "strict_8bitmime strict_8bitmime_body strict_mime_encoding_domain "
     "unknown_local_recipient_reject_code unknown_relay_recipient_reject_code "
     "unknown_virtual_alias_reject_code unknown_virtual_mailbox_reject_code virtual_alias_domains "
     "virtual_alias_maps virtual_mailbox_domains virtual_transport"},
    {"2.1", "2.2", "enable_errors_to"},
    {"2.1", "2.3", "client_connection_rate_service smtpd_sasl_application_name"},
    {"2.1", NULL,
     "address_verify_default_transport address_verify_local_transport address_verify_map "
     "address_verify_negative_cache address_verify_negative_expire_time "
     "address_verify_negative_refresh_time address_verify_poll_count address_verify_poll_delay "
     "address_verify_positive_expire_time address_verify_positive_refresh_time "
     "address_verify_relay_transport address_verify_relayhost address_verify_sender "
     "address_verify_service_name address_verify_transport_maps address_verify_virtual_transport "
     "anvil_rate_time_unit anvil_status_update_time application_event_drain_time "
     "backwards_bounce_logfile_compatibility bounce_queue_lifetime enable_original_recipient "
     "html_directory ipc_ttl lmtp_send_xforward_command lmtp_xforward_timeout "
     "multi_recipient_bounce_reject_code receive_override_options recipient_bcc_maps "
     "resolve_null_domain sender_bcc_maps smtp_defer_if_no_mx_address_found smtp_host_lookup "
     "smtp_mx_address_limit smtp_mx_session_limit smtp_quote_rfc821_envelope smtp_rset_timeout "
     "smtp_send_xforward_command smtp_xforward_timeout smtpd_authorized_verp_clients "
     "smtpd_authorized_xclient_hosts smtpd_authorized_xforward_hosts "
     "smtpd_client_connection_count_limit smtpd_client_connection_limit_exceptions "
     "smtpd_client_connection_rate_limit smtpd_policy_service_max_idle "
     "smtpd_policy_service_max_ttl smtpd_policy_service_timeout smtpd_proxy_ehlo "
     "smtpd_proxy_filter smtpd_proxy_timeout smtpd_recipient_overshoot_limit "
     "smtpd_reject_unlisted_recipient smtpd_reject_unlisted_sender smtpd_sasl_exceptions_networks "
     "trace_service_name unverified_recipient_reject_code unverified_sender_reject_code "
     "virtual_alias_expansion_limit virtual_alias_recursion_limit"},
    {"2.2", "2.3",
     "connection_cache_service smtp_connection_cache_reuse_limit smtp_tls_cipherlist "
     "smtpd_tls_cipherlist"},
    {"2.2", NULL,
     "authorized_flush_users authorized_mailq_users authorized_submit_users canonical_classes "
     "command_execution_directory connection_cache_status_update_time connection_cache_ttl_limit "
     "execution_directory_expansion_filter inet_protocols local_header_rewrite_clients "
     "recipient_canonical_classes relay_clientcerts remote_header_rewrite_domain "
     "sender_canonical_classes smtp_bind_address6 smtp_cname_overrides_servername "
     "smtp_connection_cache_destinations smtp_connection_cache_on_demand "
     "smtp_connection_cache_time_limit smtp_discard_ehlo_keyword_address_maps "
     "smtp_discard_ehlo_keywords smtp_enforce_tls smtp_generic_maps smtp_sasl_mechanism_filter "
     "smtp_sasl_tls_security_options smtp_starttls_timeout smtp_tls_CAfile smtp_tls_CApath "
     "smtp_tls_cert_file smtp_tls_dcert_file smtp_tls_dkey_file smtp_tls_enforce_peername "
     "smtp_tls_key_file smtp_tls_loglevel smtp_tls_note_starttls_offer smtp_tls_per_site "
     "smtp_tls_scert_verifydepth smtp_tls_session_cache_database smtp_tls_session_cache_timeout "
     "smtp_use_tls smtpd_client_event_limit_exceptions smtpd_client_message_rate_limit "
     "smtpd_client_recipient_rate_limit smtpd_discard_ehlo_keyword_address_maps "
     "smtpd_discard_ehlo_keywords smtpd_end_of_data_restrictions smtpd_enforce_tls "
     "smtpd_forbidden_commands smtpd_sasl_tls_security_options smtpd_starttls_timeout "
     "smtpd_tls_CAfile smtpd_tls_CApath smtpd_tls_ask_ccert smtpd_tls_auth_only "
     "smtpd_tls_ccert_verifydepth smtpd_tls_cert_file smtpd_tls_dcert_file "
     "smtpd_tls_dh1024_param_file smtpd_tls_dh512_param_file smtpd_tls_dkey_file "
     "smtpd_tls_key_file smtpd_tls_loglevel smtpd_tls_received_header smtpd_tls_req_ccert "
     "smtpd_tls_session_cache_database smtpd_tls_session_cache_timeout smtpd_tls_wrappermode "
     "smtpd_use_tls tls_daemon_random_bytes tls_random_bytes tls_random_exchange_name "
     "tls_random_prng_update_period tls_random_reseed_period tls_random_source"},
    {"2.3", "2.4", "lmtp_sasl_auth_enforce smtp_sasl_auth_enforce"},
    {"2.3", NULL,
     "address_verify_sender_dependent_relayhost_maps bounce_template_file "
     "connection_cache_protocol_timeout connection_cache_service_name "
     "delay_logging_resolution_limit fallback_transport_maps frozen_delivered_to "
     "internal_mail_filter_classes lmtp_bind_address lmtp_bind_address6 "
     "lmtp_cname_overrides_servername lmtp_connection_cache_destinations "
     "lmtp_connection_cache_on_demand lmtp_connection_cache_time_limit "
     "lmtp_connection_reuse_time_limit lmtp_defer_if_no_mx_address_found "
     "lmtp_discard_lhlo_keyword_address_maps lmtp_discard_lhlo_keywords lmtp_enforce_tls "
     "lmtp_generic_maps lmtp_host_lookup lmtp_lhlo_name lmtp_line_length_limit "
     "lmtp_mx_address_limit lmtp_mx_session_limit lmtp_pix_workaround_delay_time "
     "lmtp_pix_workaround_threshold_time lmtp_quote_rfc821_envelope lmtp_randomize_addresses "
     "lmtp_sasl_mechanism_filter lmtp_sasl_path lmtp_sasl_tls_security_options "
     "lmtp_sasl_tls_verified_security_options lmtp_sasl_type lmtp_sender_dependent_authentication "
     "lmtp_skip_5xx_greeting lmtp_starttls_timeout lmtp_tls_CAfile lmtp_tls_CApath "
     "lmtp_tls_cert_file lmtp_tls_dcert_file lmtp_tls_dkey_file lmtp_tls_enforce_peername "
     "lmtp_tls_exclude_ciphers lmtp_tls_key_file lmtp_tls_loglevel lmtp_tls_mandatory_ciphers "
     "lmtp_tls_mandatory_exclude_ciphers lmtp_tls_mandatory_protocols lmtp_tls_note_starttls_offer "
     "lmtp_tls_per_site lmtp_tls_policy_maps lmtp_tls_scert_verifydepth lmtp_tls_secure_cert_match "
     "lmtp_tls_security_level lmtp_tls_session_cache_database lmtp_tls_session_cache_timeout "
     "lmtp_tls_verify_cert_match lmtp_use_tls mailbox_transport_maps message_reject_characters "
     "message_strip_characters milter_command_timeout milter_connect_macros milter_connect_timeout "
     "milter_content_timeout milter_data_macros milter_default_action milter_end_of_data_macros "
     "milter_helo_macros milter_macro_daemon_name milter_macro_v milter_mail_macros "
     "milter_protocol milter_rcpt_macros milter_unknown_command_macros non_smtpd_milters "
     "plaintext_reject_code resolve_numeric_domain sender_dependent_relayhost_maps "
     "smtp_connection_reuse_time_limit smtp_fallback_relay smtp_sasl_path "
     "smtp_sasl_tls_verified_security_options smtp_sasl_type smtp_sender_dependent_authentication "
     "smtp_tls_exclude_ciphers smtp_tls_mandatory_ciphers smtp_tls_mandatory_exclude_ciphers "
     "smtp_tls_mandatory_protocols smtp_tls_policy_maps smtp_tls_secure_cert_match "
     "smtp_tls_security_level smtp_tls_verify_cert_match smtpd_client_new_tls_session_rate_limit "
     "smtpd_delay_open_until_valid_rcpt smtpd_milters smtpd_peername_lookup "
     "smtpd_sasl_authenticated_header smtpd_sasl_path smtpd_sasl_type "
     "smtpd_tls_always_issue_session_ids smtpd_tls_exclude_ciphers smtpd_tls_mandatory_ciphers "
     "smtpd_tls_mandatory_exclude_ciphers smtpd_tls_mandatory_protocols smtpd_tls_security_level "
     "tls_export_cipherlist tls_high_cipherlist tls_low_cipherlist tls_medium_cipherlist "
     "tls_null_cipherlist"},
    {"2.4", NULL,
     "default_recipient_refill_delay default_recipient_refill_limit lmtp_pix_workaround_maps "
     "lmtp_pix_workarounds send_cyrus_sasl_authzid smtp_pix_workaround_maps smtp_pix_workarounds "
     "tls_append_default_CA"},
    {"2.5", NULL,
     "cyrus_sasl_config_path data_directory default_destination_concurrency_failed_cohort_limit "
     "default_destination_concurrency_negative_feedback "
     "default_destination_concurrency_positive_feedback default_destination_rate_delay "
     "destination_concurrency_feedback_debug detect_8bit_encoding_header "
     "empty_address_relayhost_maps_lookup_key lmtp_body_checks lmtp_header_checks "
     "lmtp_mime_header_checks lmtp_nested_header_checks lmtp_sasl_auth_cache_name "
     "lmtp_sasl_auth_cache_time lmtp_sasl_auth_soft_bounce lmtp_tls_fingerprint_cert_match "
     "lmtp_tls_fingerprint_digest milter_end_of_header_macros proxy_write_maps "
     "qmqpd_client_port_logging smtp_body_checks smtp_header_checks smtp_mime_header_checks "
     "smtp_nested_header_checks smtp_sasl_auth_cache_name smtp_sasl_auth_cache_time "
     "smtp_sasl_auth_soft_bounce smtp_tls_fingerprint_cert_match smtp_tls_fingerprint_digest "
     "smtpd_client_port_logging smtpd_tls_fingerprint_digest stress strict_mailbox_ownership"},
    {"2.6", NULL,
     "access_map_defer_code always_add_missing_headers lmtp_assume_final lmtp_tls_ciphers "
     "lmtp_tls_eccert_file lmtp_tls_eckey_file lmtp_tls_protocols master_service_disable "
     "multi_instance_directories multi_instance_enable multi_instance_group multi_instance_name "
     "multi_instance_wrapper postmulti_control_commands postmulti_start_commands "
     "postmulti_stop_commands proxymap_service_name proxywrite_service_name reject_tempfail_action "
     "smtp_tls_ciphers smtp_tls_eccert_file smtp_tls_eckey_file smtp_tls_protocols "
     "smtpd_tls_ciphers smtpd_tls_eccert_file smtpd_tls_eckey_file smtpd_tls_eecdh_grade "
     "smtpd_tls_protocols tcp_windowsize tls_eecdh_strong_curve tls_eecdh_ultra_curve "
     "unknown_address_tempfail_action unknown_helo_hostname_tempfail_action "
     "unverified_recipient_defer_code unverified_recipient_reject_reason "
     "unverified_recipient_tempfail_action unverified_sender_defer_code "
     "unverified_sender_reject_reason unverified_sender_tempfail_action"},
    {"2.7", "2.8", "postscreen_cache_ttl postscreen_hangup_action smtpd_service"},
    {"2.7", "2.10", "postscreen_blacklist_networks postscreen_whitelist_networks"},
    {"2.7", NULL,
     "address_verify_cache_cleanup_interval address_verify_sender_dependent_default_transport_maps "
     "default_filter_nexthop empty_address_default_transport_maps_lookup_key lmtp_reply_filter "
     "lmtp_tls_block_early_mail_reply milter_header_checks postscreen_blacklist_action "
     "postscreen_cache_cleanup_interval postscreen_cache_map postscreen_cache_retention_time "
     "postscreen_dnsbl_action postscreen_dnsbl_sites postscreen_greet_action "
     "postscreen_greet_banner postscreen_greet_wait postscreen_post_queue_limit "
     "postscreen_pre_queue_limit sender_dependent_default_transport_maps smtp_reply_filter "
     "smtp_tls_block_early_mail_reply smtpd_command_filter smtpd_proxy_options"},
    {"2.8", "2.11", "tlsproxy_tls_session_cache_database tlsproxy_tls_session_cache_timeout"},
    {"2.8", NULL,
     "dnsblog_reply_delay dnsblog_service_name lmtp_address_preference lmtp_dns_resolver_options "
     "postscreen_access_list postscreen_bare_newline_action postscreen_bare_newline_enable "
     "postscreen_bare_newline_ttl postscreen_client_connection_count_limit "
     "postscreen_command_count_limit postscreen_command_filter postscreen_command_time_limit "
     "postscreen_disable_vrfy_command postscreen_discard_ehlo_keyword_address_maps "
     "postscreen_discard_ehlo_keywords postscreen_dnsbl_reply_map postscreen_dnsbl_threshold "
     "postscreen_dnsbl_ttl postscreen_enforce_tls postscreen_expansion_filter "
     "postscreen_forbidden_commands postscreen_greet_ttl postscreen_helo_required "
     "postscreen_non_smtp_command_action postscreen_non_smtp_command_enable "
     "postscreen_non_smtp_command_ttl postscreen_pipelining_action postscreen_pipelining_enable "
     "postscreen_pipelining_ttl postscreen_reject_footer postscreen_tls_security_level "
     "postscreen_use_tls postscreen_watchdog_timeout qmgr_daemon_timeout qmgr_ipc_timeout "
     "reset_owner_alias smtp_address_preference smtp_dns_resolver_options smtpd_reject_footer "
     "smtpd_service_name tls_disable_workarounds tls_preempt_cipherlist tlsproxy_enforce_tls "
     "tlsproxy_service_name tlsproxy_tls_CAfile tlsproxy_tls_CApath "
     "tlsproxy_tls_always_issue_session_ids tlsproxy_tls_ask_ccert tlsproxy_tls_ccert_verifydepth "
     "tlsproxy_tls_cert_file tlsproxy_tls_ciphers tlsproxy_tls_dcert_file "
     "tlsproxy_tls_dh1024_param_file tlsproxy_tls_dh512_param_file tlsproxy_tls_dkey_file "
     "tlsproxy_tls_eccert_file tlsproxy_tls_eckey_file tlsproxy_tls_eecdh_grade "
     "tlsproxy_tls_exclude_ciphers tlsproxy_tls_fingerprint_digest tlsproxy_tls_key_file "
     "tlsproxy_tls_loglevel tlsproxy_tls_mandatory_ciphers tlsproxy_tls_mandatory_exclude_ciphers "
     "tlsproxy_tls_mandatory_protocols tlsproxy_tls_protocols tlsproxy_tls_req_ccert "
     "tlsproxy_tls_security_level tlsproxy_use_tls tlsproxy_watchdog_timeout"},
    {"2.9", "3.11", "tls_legacy_public_key_fingerprints"},
    {"2.9", NULL,
     "address_verify_sender_ttl daemon_table_open_error_is_fatal enable_long_queue_ids "
     "lmtp_per_record_deadline lmtp_send_dummy_mail_auth postscreen_whitelist_interfaces "
     "sendmail_fix_line_endings smtp_per_record_deadline smtp_send_dummy_mail_auth "
     "smtpd_per_record_deadline"},
    {"2.10", NULL,
     "postscreen_upstream_proxy_protocol postscreen_upstream_proxy_timeout "
     "smtpd_log_access_permit_actions smtpd_relay_restrictions smtpd_upstream_proxy_protocol "
     "smtpd_upstream_proxy_timeout"},
    {"2.11", "3.4", "tls_dane_digest_agility tls_dane_trust_anchor_digest_enable"},
    {"2.11", NULL,
     "lmdb_map_size lmtp_connection_reuse_count_limit lmtp_dns_support_level "
     "lmtp_tls_force_insecure_host_tlsa_lookup lmtp_tls_trust_anchor_file "
     "postscreen_dnsbl_whitelist_threshold smtp_connection_reuse_count_limit "
     "smtp_dns_support_level smtp_tls_force_insecure_host_tlsa_lookup smtp_tls_trust_anchor_file "
     "smtpd_sasl_service tls_dane_digests tls_ssl_options tls_wildcard_matches_multiple_labels "
     "tlsmgr_service_name"},
    {"3.0", NULL,
     "compatibility_level confirm_delay_cleared default_delivery_status_filter "
     "lmtp_address_verify_target lmtp_delivery_status_filter lmtp_dns_reply_filter "
     "lmtp_tls_wrappermode local_delivery_status_filter message_drop_headers meta_directory "
     "pipe_delivery_status_filter postscreen_dnsbl_timeout shlib_directory "
     "smtp_address_verify_target smtp_delivery_status_filter smtp_dns_reply_filter "
     "smtp_tls_wrappermode smtpd_dns_reply_filter smtpd_policy_service_default_action "
     "smtpd_policy_service_request_limit smtpd_policy_service_retry_delay "
     "smtpd_policy_service_try_limit smtputf8_autodetect_classes smtputf8_enable strict_smtputf8 "
     "tls_session_ticket_cipher virtual_alias_address_length_limit virtual_delivery_status_filter"},
    {"3.1", NULL,
     "address_verify_pending_request_limit default_transport_rate_delay dns_ncache_ttl_fix_enable "
     "lmtp_fallback_relay milter_macro_defaults openssl_path postscreen_dnsbl_max_ttl "
     "postscreen_dnsbl_min_ttl smtp_tls_dane_insecure_mx_policy smtpd_client_auth_rate_limit "
     "smtpd_policy_service_policy_context tls_fast_shutdown_enable"},
    {"3.2", NULL,
     "dnssec_probe enable_idna2003_compatibility smtp_tcp_port smtpd_milter_maps "
     "tls_eecdh_auto_curves"},
    {"3.3", NULL, "header_from_format lmtp_balance_inet_protocols service_name smtp_balance_inet_protocols"},
    {"3.4", "3.7", "tlsproxy_client_level tlsproxy_client_policy"},
    {"3.4", "3.12", "tlsproxy_client_loglevel_parameter"},
    {"3.4", NULL,
     "lmtp_tls_chain_files lmtp_tls_connection_reuse lmtp_tls_servername maillog_file "
     "maillog_file_compressor maillog_file_prefixes maillog_file_rotate_suffix "
     "postlog_service_name postlogd_watchdog_timeout postscreen_reject_footer_maps "
     "smtp_tls_chain_files smtp_tls_connection_reuse smtp_tls_servername smtpd_reject_footer_maps "
     "smtpd_sasl_response_limit smtpd_tls_chain_files tls_server_sni_maps tlsproxy_client_CAfile "
     "tlsproxy_client_CApath tlsproxy_client_cert_file tlsproxy_client_chain_files "
     "tlsproxy_client_dcert_file tlsproxy_client_dkey_file tlsproxy_client_eccert_file "
     "tlsproxy_client_eckey_file tlsproxy_client_enforce_tls tlsproxy_client_fingerprint_digest "
     "tlsproxy_client_key_file tlsproxy_client_loglevel tlsproxy_client_per_site "
     "tlsproxy_client_scert_verifydepth tlsproxy_client_use_tls tlsproxy_tls_chain_files"},
    {"3.5", NULL,
     "cleanup_replace_stray_cr_lf info_log_address_format smtpd_forbid_bare_newline "
     "smtpd_forbid_bare_newline_exclusions smtpd_forbid_bare_newline_reject_code "
     "smtpd_forbid_unauth_pipelining tls_config_file tls_config_name"},
    {"3.6", NULL,
     "empty_address_local_login_sender_maps_lookup_key enable_threaded_bounces known_tcp_ports "
     "local_login_sender_maps postscreen_allowlist_interfaces postscreen_denylist_action "
     "postscreen_dnsbl_allowlist_threshold respectful_logging "
     "smtpd_relay_before_recipient_restrictions smtpd_sasl_mechanism_filter"},
    {"3.7", NULL,
     "lmtp_bind_address_enforce lmtp_min_data_rate lmtp_per_request_deadline "
     "smtp_bind_address_enforce smtp_min_data_rate smtp_per_request_deadline smtpd_min_data_rate "
     "smtpd_per_request_deadline tlsproxy_client_policy_maps tlsproxy_client_security_level"},
    {"3.8", NULL,
     "allow_srv_lookup_fallback ignore_srv_lookup_error smtpd_client_ipv4_prefix_length "
     "smtpd_client_ipv6_prefix_length tls_ffdhe_auto_groups use_srv_lookup"},
    {"3.9", NULL,
     "force_mime_input_conversion lmtp_sasl_password_result_delimiter lmtp_tls_enable_rpk "
     "maillog_file_permissions smtp_sasl_password_result_delimiter smtp_tls_enable_rpk "
     "smtpd_tls_enable_rpk tlsproxy_tls_enable_rpk"},
    {"3.10", NULL,
     "full_name_encoding_charset lmtp_tls_enforce_sts_mx_patterns lmtp_tlsrpt_enable "
     "lmtp_tlsrpt_skip_reused_handshakes lmtp_tlsrpt_socket_name smtp_tls_enforce_sts_mx_patterns "
     "smtp_tlsrpt_enable smtp_tlsrpt_skip_reused_handshakes smtp_tlsrpt_socket_name "
     "smtpd_hide_client_session socketmap_max_reply_size tls_required_enable"},
    {"3.11", NULL,
     "default_cache_db_type lmtp_log_tls_feature_status lmtp_requiretls_policy "
     "non_bdb_custom_mapping non_bdb_migration_allow_root_prefixes "
     "non_bdb_migration_allow_user_prefixes non_bdb_migration_level non_bdb_migration_log_redirect "
     "non_bdb_migration_service_name non_empty_end_of_header_action relocated_prefix_enable "
     "requiretls_enable requiretls_esmtp_header requiretls_redact_dsn smtp_log_tls_feature_status "
     "smtp_requiretls_policy smtpd_reject_filter_maps"},
    {"3.12", NULL,
     "lmtp_tls_loglevel_maps lmtp_tls_trace_size_limit postscreen_starttls_timeout "
     "postscreen_tls_CAfile postscreen_tls_CApath postscreen_tls_always_issue_session_ids "
     "postscreen_tls_ask_ccert postscreen_tls_ccert_verifydepth postscreen_tls_cert_file "
     "postscreen_tls_chain_files postscreen_tls_ciphers postscreen_tls_dcert_file "
     "postscreen_tls_dh1024_param_file postscreen_tls_dh512_param_file postscreen_tls_dkey_file "
     "postscreen_tls_eccert_file postscreen_tls_eckey_file postscreen_tls_eecdh_grade "
     "postscreen_tls_enable_rpk postscreen_tls_exclude_ciphers postscreen_tls_fingerprint_digest "
     "postscreen_tls_key_file postscreen_tls_loglevel postscreen_tls_loglevel_maps "
     "postscreen_tls_mandatory_ciphers postscreen_tls_mandatory_exclude_ciphers "
     "postscreen_tls_mandatory_protocols postscreen_tls_protocols postscreen_tls_req_ccert "
     "postscreen_tls_trace_size_limit smtp_tls_loglevel_maps smtp_tls_trace_size_limit "
     "smtpd_tls_loglevel_maps smtpd_tls_trace_size_limit socketmap_max_query_size "
     "tls_trace_rate_limit tls_trust_server_ccerts"},
};

static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = words; (at = strstr(at, word)) != NULL; at += len)
        if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    return false;
}

static bool in_version(size_t group, const char *version)
{
    return version_compare(version, NAMES[group].since) >= 0 &&
           (NAMES[group].until == NULL || version_compare(version, NAMES[group].until) < 0);
}

enum verdict postfix_names_have(const char *name, const char *version)
{
    for (size_t i = 0; i < COUNT(NAMES) && name[0] != '\0'; i++)
        if (has_word(NAMES[i].names, name))
            return version == NULL ? CANNOT_TELL : in_version(i, version) ? HOLDS : FAILS;
    return version != NULL && version_compare(version, NEWEST ".99") < 0 ? FAILS : CANNOT_TELL;
}

bool postfix_names_any(const char *name)
{
    for (size_t i = 0; i < COUNT(NAMES); i++)
        if (has_word(NAMES[i].names, name))
            return true;
    return false;
}

struct strings postfix_names_of(const char *version)
{
    struct strings all = {0};
    for (size_t i = 0; i < COUNT(NAMES); i++) {
        if (version != NULL && !in_version(i, version))
            continue;
        struct strings names = strings_split(NAMES[i].names, " ");
        for (size_t k = 0; k < names.n; k++)
            strings_add(&all, names.item[k]);
    }
    return all;
}
