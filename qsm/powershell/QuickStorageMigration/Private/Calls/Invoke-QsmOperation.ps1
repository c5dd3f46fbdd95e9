function Invoke-QsmOperation {
    <#
    .SYNOPSIS
    Does what a call line asks for and returns the answer line.

    .DESCRIPTION
    The one way from the wire to the public functions. A question is asked at once. A changing operation runs under the lock
    of its migration, against the journal: what was done before is answered again instead of being done twice. Nothing is
    thrown; every error becomes part of the answer. The operation ping does nothing and needs no other field.

    .PARAMETER Line
    The call line: one line of JSON.

    .OUTPUTS
    System.String: @@QSM, the id of the call and one line of ASCII JSON.

    .EXAMPLE
    Invoke-QsmOperation -Line '{"call": "...", "operation": "ping", "migration_id": "", "subject": "", "revision": null, "wait_seconds": 0, "arguments": {}}'
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Line
    )

    $watch = [Diagnostics.Stopwatch]::StartNew()
    $call = $null
    $row = $null
    $answer = [ordered]@{ ok = $true }
    $script:QsmCall = @{ MigrationId = ''; Operation = 'call'; Subject = ''; Attempt = $null; Repeated = $false; RecordWritten = $false }
    try {
        $call = ConvertFrom-QsmJson -Text $Line
        $script:QsmCall.Operation = [string]$call.operation
        if ($call.operation -eq 'ping') {
            $answer.result = @{}
        } else {
            Assert-QsmCall -Call $call
            $row = Get-QsmOperation -Name $call.operation
            $script:QsmCall.Subject = [string]$call.subject
            if ($row.record -ne 'none' -or $call.migration_id -ne '') { [void](Get-QsmMigrationFolder -MigrationId $call.migration_id) }
            $script:QsmCall.MigrationId = [string]$call.migration_id
            if (-not $row.changes) {
                $answer.result = Invoke-QsmQuestion -Row $row -Call $call
            } else {
                $answer.result = Use-QsmLock -MigrationId $call.migration_id -ScriptBlock { Invoke-QsmChange -Row $row -Call $call }
            }
        }
        $text = ConvertTo-QsmJson -InputObject (Complete-QsmAnswer -Answer $answer -Seconds $watch.Elapsed.TotalSeconds)
    } catch {
        $facts = ConvertTo-QsmErrorFacts -ErrorRecord $_ -Operation $script:QsmCall.Operation -Changes:($null -ne $row -and $row.changes)
        $answer = [ordered]@{ ok = $false; error = $facts }
        $text = ConvertTo-QsmJson -InputObject (Complete-QsmAnswer -Answer $answer -Seconds $watch.Elapsed.TotalSeconds)
    } finally {
        $script:QsmCall = $null
    }
    $id = if ($null -ne $call -and $null -ne $call.PSObject.Properties['call']) { [string]$call.call } else { '0' }
    "@@QSM $id $text"
}
