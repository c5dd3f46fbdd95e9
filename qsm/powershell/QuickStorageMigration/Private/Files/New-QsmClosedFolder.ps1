function New-QsmClosedFolder {
    <#
    .SYNOPSIS
    Makes a folder to which only SYSTEM and Administrators come.

    .DESCRIPTION
    For what must not be read by those who may read the volume, such as the memory of a guest. The folder must be new, and empty
    after it was closed: what somebody laid into it before then is not ours.

    .PARAMETER Path
    Full path of the folder.

    .OUTPUTS
    None

    .EXAMPLE
    New-QsmClosedFolder -Path 'D:\qsm-20300131T235959-0123abcd' -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Path
    )

    if (-not $PSCmdlet.ShouldProcess($Path, 'Create a closed folder')) { return }
    [void](New-Item -ItemType Directory -Path $Path -ErrorAction Stop)
    $acl = Get-Acl -LiteralPath $Path -ErrorAction Stop
    $acl.SetSecurityDescriptorSddlForm('O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)', 'Owner, Access')
    Set-Acl -LiteralPath $Path -AclObject $acl -Confirm:$false -ErrorAction Stop
    $closed = (Get-Acl -LiteralPath $Path -ErrorAction Stop).Sddl -match '\AO:(BA|SY)G:.*?D:P'
    if ($closed -and @(Get-ChildItem -LiteralPath $Path -Force -ErrorAction Stop).Count -eq 0) { return }
    throw (New-QsmError -Id 'HostFailed' -Category failed -Subject $Path -Facts @{ path = $Path } -Text 'folder_not_closed' -Value @{ path = $Path })
}
