"""Every public method of MLflow's stores, by what the guard does about it; one in no table refuses the start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# They change nothing.
TRACKING_READS: Final = frozenset(
    """
    batch_get_trace_infos batch_get_traces calculate_trace_filter_correlation filter_active_experiment_ids
    find_completed_sessions get_active_online_scorers get_all_experiment_tags get_all_metrics get_all_params
    get_all_tags get_assessment get_budget_policy get_dataset get_dataset_experiment_ids get_experiment
    get_experiment_by_name get_gateway_endpoint get_gateway_guardrail get_gateway_model_definition get_issue
    get_label_schema get_label_schema_by_name get_latest_mcp_server_version get_logged_model
    get_max_step_for_metric get_mcp_access_endpoint get_mcp_server get_mcp_server_version
    get_mcp_server_version_by_alias get_mcp_server_versions_for_trace get_metric_history get_metric_history_bulk
    get_metric_history_bulk_interval get_metric_history_bulk_interval_from_steps get_online_scoring_configs
    get_online_trace_details get_review_queue get_review_queue_by_name get_run get_scorer get_secret_info get_trace
    get_trace_info list_budget_policies list_endpoint_bindings list_endpoint_guardrail_configs
    list_gateway_endpoints list_gateway_guardrails list_gateway_model_definitions list_label_schemas
    list_review_queue_items list_review_queues list_scorer_versions list_scorers list_scorers_across_experiments
    list_secret_infos query_trace_metrics resolve_endpoint_in_scorer resolve_trace_archival_config
    sanitize_metric_value search_datasets search_entities_by_destination search_entities_by_source
    search_experiments search_issues search_logged_models search_mcp_access_endpoints search_mcp_server_versions
    search_mcp_servers search_runs search_traces sum_gateway_trace_cost
    """.split()
)
# They change what is neither a run nor a model: traces, assessments, gateways, scorers, queues of reviews. What is
# asynchronous calls what is not.
TRACKING_ASIDE: Final = frozenset(
    """
    add_dataset_to_experiments add_guardrail_to_endpoint add_items_to_review_queue archive_traces
    attach_model_to_endpoint create_assessment create_budget_policy create_endpoint_binding
    create_gateway_endpoint create_gateway_guardrail create_gateway_model_definition create_gateway_secret
    create_issue create_label_schema create_mcp_access_endpoint create_mcp_server create_mcp_server_version
    create_review_queue delete_assessment delete_budget_policy delete_dataset delete_dataset_records
    delete_endpoint_binding delete_gateway_endpoint delete_gateway_guardrail delete_gateway_model_definition
    delete_gateway_secret delete_label_schema delete_mcp_access_endpoint delete_mcp_server
    delete_mcp_server_alias delete_mcp_server_version delete_review_queue delete_scorer delete_traces
    detach_model_from_endpoint end_async_logging flush_async_logging get_or_create_user_queue
    link_mcp_server_versions_to_trace link_prompts_to_trace log_batch_async log_metric_async
    log_param_async log_spans_async register_scorer remove_dataset_from_experiments
    remove_guardrail_from_endpoint remove_items_from_review_queue set_mcp_server_alias
    set_review_queue_item_status set_tag_async shut_down_async_logging update_assessment
    update_budget_policy update_endpoint_guardrail_config update_gateway_endpoint
    update_gateway_model_definition update_gateway_secret update_issue update_label_schema
    update_mcp_access_endpoint update_mcp_server update_mcp_server_version update_review_queue
    upsert_dataset_records upsert_online_scoring_config
    """.split()
)
# They write tags of something that is neither a run nor a model, and some write nothing else.
TRACKING_TAGGED: Final = frozenset(
    """
    create_dataset create_experiment delete_dataset_tag delete_experiment_tag delete_gateway_endpoint_tag
    delete_mcp_server_tag delete_mcp_server_version_tag delete_trace_tag deprecated_end_trace_v2
    deprecated_start_trace_v2 set_dataset_tags set_experiment_tag set_gateway_endpoint_tag set_mcp_server_tag
    set_mcp_server_version_tag set_model_versions_tags set_trace_tag start_trace
    """.split()
)
TRACKING_GUARDED: Final = TRACKING_TAGGED | frozenset(
    """
    create_run update_run_info delete_run restore_run log_batch log_metric log_param log_inputs log_outputs
    set_tag delete_tag record_logged_model rename_experiment delete_experiment restore_experiment
    create_logged_model finalize_logged_model delete_logged_model set_logged_model_tags delete_logged_model_tag
    log_logged_model_params link_traces_to_run unlink_traces_from_run log_spans
    """.split()
)
REGISTRY_READS: Final = frozenset(
    """
    get_all_registered_model_aliases_from_path get_all_registered_model_tags_from_path get_latest_versions
    get_model_version get_model_version_by_alias get_model_version_download_uri get_prompt get_prompt_version
    get_prompt_version_by_alias get_registered_model get_webhook list_registered_models list_webhooks
    list_webhooks_by_event search_model_versions search_prompt_versions search_prompts search_registered_models
    """.split()
)
# Prompts are what the policies recommend instead; taking something away releases nothing.
REGISTRY_ASIDE: Final = frozenset(
    """
    create_webhook delete_model_version delete_prompt delete_prompt_alias
    delete_prompt_version delete_registered_model
    delete_registered_model_alias delete_webhook link_prompt_version_to_model link_prompt_version_to_run
    link_prompts_to_trace test_webhook update_model_version
    update_registered_model update_webhook
    """.split()
)
REGISTRY_GUARDED: Final = frozenset(
    """
    copy_model_version create_model_version create_prompt create_prompt_version create_registered_model
    delete_model_version_tag delete_prompt_tag delete_prompt_version_tag set_prompt_tag set_prompt_version_tag
    delete_registered_model_tag rename_registered_model set_model_version_tag set_prompt_alias
    set_registered_model_alias set_registered_model_tag transition_model_version_stage
    """.split()
)
ARTIFACT_READS: Final = frozenset(
    """
    download_archived_trace_data download_artifacts download_trace_attachment download_trace_attachment_to_file
    download_trace_data download_trace_data_to_file flush_async_logging for_workspace get_download_presigned_url
    get_local_path list_artifacts
    """.split()
)
# What is kept of traces goes to where the server itself has them.
ARTIFACT_ASIDE: Final = frozenset(
    "upload_archived_trace_data upload_archived_trace_data_bytes upload_attachment upload_trace_data".split()
)
ARTIFACT_WRITES: Final = frozenset(
    """
    abort_multipart_upload complete_multipart_upload create_multipart_upload create_presigned_upload_url
    delete_artifacts log_artifact log_artifact_from_async_stream log_artifact_from_stream log_artifacts
    """.split()
)

# All that is known of each kind of store.
TRACKING: Final = (TRACKING_READS, TRACKING_ASIDE, TRACKING_TAGGED, TRACKING_GUARDED)
REGISTRY: Final = (REGISTRY_READS, REGISTRY_ASIDE, REGISTRY_GUARDED)


def list_public(store: type) -> Iterator[str]:
    """The public methods of a store's class."""
    return (name for name in dir(store) if not name.startswith("_") and callable(getattr(store, name, None)))


def list_unclassified(store: type, *tables: frozenset[str]) -> list[str]:
    """The public methods that no table knows: whatever they do, the guard would not see it."""
    known = frozenset().union(*tables)
    return sorted(name for name in list_public(store) if name not in known)
