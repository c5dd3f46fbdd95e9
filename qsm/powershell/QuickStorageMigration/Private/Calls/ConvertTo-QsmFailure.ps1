function ConvertTo-QsmFailure {
    <#
    .SYNOPSIS
    Makes the error of an operation out of the trouble that stopped it after it had begun to act.

    .DESCRIPTION
    What was refused deep inside is not refused for the whole: from the first change on the category is failed. An error that
    says failed or unknown already keeps its id and words, unless it is the HostFailed of a helper. The HRESULT of the cause and whether it may pass are kept.

    .PARAMETER Cause
    The error that was caught.

    .PARAMETER Id
    Id of the error to make.

    .PARAMETER Text
    Name of the sentence in Messages.json; its place {cause} is given here.

    .PARAMETER Value
    Values of the sentence by place; see Get-QsmText.

    .PARAMETER Subject
    VM or file it is about.

    .PARAMETER Facts
    More facts by name; hresult is added.

    .OUTPUTS
    System.Management.Automation.ErrorRecord

    .EXAMPLE
    try { Save-VM -VM $vm } catch { throw (ConvertTo-QsmFailure -Cause $_ -Id 'SaveFailed' -Text 'save_failed' -Value @{ vm = $vm.Name } -Subject $VMId) }
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.ErrorRecord])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.ErrorRecord]$Cause,

        [Parameter(Mandatory = $true)]
        [string]$Id,

        [Parameter(Mandatory = $true)]
        [string]$Text,

        [System.Collections.IDictionary]$Value = @{},

        [Parameter(Mandatory = $true)]
        [string]$Subject,

        [System.Collections.IDictionary]$Facts = @{}
    )

    $known = ConvertTo-QsmErrorFacts -ErrorRecord $Cause -Operation $Id -Changes
    $ours = $Cause.Exception.Data.Contains('QsmErrorFacts')
    if ($ours -and $known.category -ne 'refused' -and $known.id -ne 'HostFailed') { return $Cause }
    $number = $known.hresult
    $told = @{ hresult = $number }
    foreach ($name in $Facts.Keys) { $told[$name] = $Facts[$name] }
    $values = @{ cause = Get-QsmCause -ErrorRecord $Cause }
    foreach ($place in $Value.Keys) { $values[$place] = $Value[$place] }
    New-QsmError -Id $Id -Category failed -Subject $Subject -HResult $number -Facts $told -Retryable:([bool]$known.retryable) -Text $Text -Value $values
}
