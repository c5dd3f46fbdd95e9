"""The WinRM endpoint of a lab host: the only way in.

Trouble: a client tested against a friendly imitation meets its first real fault at night, on a real host.
Answer: the wire is true. SOAP 1.2 over HTTP(S), NTLM with sealing and channel binding, Basic, client
certificates, shells that belong to a user, long Receive, quotas and the recorded faults; unmodified pywinrm
and pypsrp are served. What runs behind it is an `Engine` (`engine.py`); what may go wrong on the wire is
decided by `EndpointFaults` (`fault_hooks.py`).

    settings.py ── Endpoint (endpoint.py: thread, listeners) ── Application (application.py: one request)
                        │                                            │
                   connections.py                authentication.py, sealing.py, messages.py
                                                                     │
                                          shells.py ── commands.py ── Engine
"""
