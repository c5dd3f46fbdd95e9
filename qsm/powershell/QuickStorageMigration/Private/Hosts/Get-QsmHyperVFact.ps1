function Get-QsmHyperVFact {
    <#
    .SYNOPSIS
    Returns whether Hyper-V answers on this host, which versions of VMs it runs, its logical processors, its range of MAC addresses and its switches.

    .DESCRIPTION
    Before 2016 there is no cmdlet for the versions: such a host runs 5.0 alone (2012 R2). If Get-VMHost fails, Hyper-V does
    not answer; the reason is left to the verbose stream.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: hyperv, versions, processors, mac_range (with the fields of MacRange, or null), switches (with the fields of SwitchFacts).

    .EXAMPLE
    Get-QsmHyperVFact
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param()

    try {
        $answer = Get-VMHost -ErrorAction Stop
    } catch {
        Write-Verbose -Message "Hyper-V does not answer: $($_.Exception.Message)"
        $answer = $null
    }
    if ($null -eq $answer) { return [PSCustomObject]@{ hyperv = $false; versions = @(); processors = 0; mac_range = $null; switches = @() } }

    $versions = @('5.0')
    if (Test-QsmCommand -Name 'Get-VMHostSupportedVersion') {
        $versions = @(Get-VMHostSupportedVersion -ErrorAction Stop | ForEach-Object { [string]$_.Version })
    }
    $minimum = [string](Get-QsmProperty -InputObject $answer -Name 'MacAddressMinimum' -Default '')
    $maximum = [string](Get-QsmProperty -InputObject $answer -Name 'MacAddressMaximum' -Default '')
    $range = $(if ($minimum -and $maximum) { [PSCustomObject][ordered]@{ minimum = $minimum; maximum = $maximum } } else { $null })
    $switches = @(Get-VMSwitch -ErrorAction Stop | ForEach-Object {
            [PSCustomObject][ordered]@{ name = [string]$_.Name; switch_id = ([string]$_.Id).ToLowerInvariant(); type = [string]$_.SwitchType }
        })
    [PSCustomObject]@{ hyperv = $true; versions = $versions; processors = [int]$answer.LogicalProcessorCount; mac_range = $range; switches = $switches }
}
