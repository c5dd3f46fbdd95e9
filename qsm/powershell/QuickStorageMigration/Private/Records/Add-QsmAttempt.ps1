function Add-QsmAttempt {
    <#
    .SYNOPSIS
    Writes into the journal that an operation begins, and returns the entry.

    .DESCRIPTION
    An attempt that never ended is closed as failed in the same write. The folder of the journal is made where it is missing.

    .PARAMETER Path
    The file of the journal.

    .PARAMETER Entry
    Its content so far; null for the first attempt.

    .PARAMETER Call
    The call.

    .PARAMETER ArgumentsHash
    Hash of its arguments.

    .OUTPUTS
    System.Management.Automation.PSCustomObject

    .EXAMPLE
    $entry = Add-QsmAttempt -Path $path -Entry $entry -Call $call -ArgumentsHash $hash
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path,

        [Parameter(Mandatory = $true)]
        [AllowNull()]
        [object]$Entry,

        [Parameter(Mandatory = $true)]
        [object]$Call,

        [Parameter(Mandatory = $true)]
        [string]$ArgumentsHash
    )

    $before = @()
    if ($null -ne $Entry) { $before = @($Entry.attempts) }
    foreach ($attempt in $before) {
        if ($attempt.state -ne 'started') { continue }
        $attempt.state = 'failed'
        $attempt.error = ConvertTo-QsmErrorFacts -Operation $Call.operation -Changes -ErrorRecord (
            New-QsmError -Id 'HostFailed' -Category 'failed' -Text 'never_ended' -Value @{ operation = $Call.operation; subject = $Call.subject })
    }
    $now = [PSCustomObject][ordered]@{
        attempt        = $before.Count + 1
        state          = 'started'
        at_utc         = Get-QsmUtcNow
        arguments      = $Call.arguments
        arguments_hash = $ArgumentsHash
        result         = $null
        error          = $null
    }
    $folder = Split-Path -Path $Path -Parent
    if (-not (Test-Path -LiteralPath $folder -PathType Container)) { [void](New-Item -ItemType Directory -Path $folder -Force) }
    $whole = [PSCustomObject][ordered]@{ operation = $Call.operation; subject = $Call.subject; attempts = @($before) + $now }
    Write-QsmJson -Path $Path -Value $whole
    $whole
}
