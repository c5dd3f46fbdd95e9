"""The domain: moving a VM between Hyper-V hosts. Never imports Prefect."""
