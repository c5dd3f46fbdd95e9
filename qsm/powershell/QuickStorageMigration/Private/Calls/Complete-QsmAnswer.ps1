function Complete-QsmAnswer {
    <#
    .SYNOPSIS
    Adds to an answer what every answer has: revision, attempt, repeated and seconds.

    .DESCRIPTION
    The revision is that of the record after the call; null without a record or when it cannot be read.

    .PARAMETER Answer
    The answer so far.

    .PARAMETER Seconds
    Time spent on this host.

    .OUTPUTS
    System.Collections.IDictionary

    .EXAMPLE
    Complete-QsmAnswer -Answer ([ordered]@{ ok = $true; result = @{} }) -Seconds 0.2
    #>
    [CmdletBinding()]
    [OutputType([System.Collections.IDictionary])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Collections.IDictionary]$Answer,

        [Parameter(Mandatory = $true)]
        [double]$Seconds
    )

    $record = $null
    if ($script:QsmCall.MigrationId -ne '') {
        try {
            $record = Get-QsmRecord -MigrationId $script:QsmCall.MigrationId -AllowMissing
        } catch {
            $record = $null
        }
    }
    $Answer.revision = $(if ($null -ne $record) { $record.revision } else { $null })
    $Answer.attempt = $script:QsmCall.Attempt
    $Answer.repeated = $script:QsmCall.Repeated
    $Answer.seconds = [Math]::Round($Seconds, 3)
    $Answer
}
