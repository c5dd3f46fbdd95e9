# Every error ends what runs, and nothing but answers is written.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
