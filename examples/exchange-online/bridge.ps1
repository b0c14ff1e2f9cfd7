<#
.SYNOPSIS
    Runs the commands of galway (type = exo, way = exec) in Exchange Online.

.DESCRIPTION
    Each line of standard input is a command, each line of standard output (a part of) its answer:

        {"id":7,"cmdlet":"Get-MailContact","parameters":{"ResultSize":"Unlimited"},"select":["Guid","Name"]}
        {"id":7,"result":[{"Guid":"..."}, ...]}
        {"id":7,"end":2}                                     or {"id":7,"error":{"code":"...","message":"..."}}

    Needs PowerShell 7.4 or later and the module ExchangeOnlineManagement 3.x. The application signs in with a certificate. It needs the
    permission Exchange.ManageAsApp and, in Exchange, the roles Mail Recipients and Mail Recipient Creation, best in a role group of
    its own.

    Standard output has nothing but answers: warnings, progress and all else of the cmdlets goes nowhere.

.EXAMPLE
    echo '{"id":1,"cmdlet":"Get-OrganizationConfig","parameters":{},"select":["Guid","Name"]}' |
        pwsh -NoProfile -File bridge.ps1 -Organization xyz.onmicrosoft.example -AppId ... -CertificateFilePath tenant.pfx
#>
[CmdletBinding()]
param(
    # The tenant's first domain.
    [Parameter(Mandatory)] [string] $Organization,
    # The application's id.
    [Parameter(Mandatory)] [string] $AppId,
    # Its certificate with the key (PKCS #12). The file should be readable by nobody else.
    [Parameter(Mandatory)] [string] $CertificateFilePath,
    # A file with the certificate's password in its first line; without it there is none.
    [string] $CertificatePasswordFile,
    # National clouds: O365China, O365USGovGCCHigh, O365USGovDoD.
    [string] $ExchangeEnvironmentName = 'O365Default'
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$WarningPreference = 'SilentlyContinue'
$InformationPreference = 'SilentlyContinue'
$ProgressPreference = 'SilentlyContinue'

# Objects a line.
$PageSize = 500

# What galway uses, and nothing else is run.
$Cmdlets = @(
    'Get-OrganizationConfig'
    'Get-MailContact', 'New-MailContact', 'Set-MailContact', 'Remove-MailContact'
    'Get-Contact', 'Set-Contact'
)

$Utf8 = [System.Text.UTF8Encoding]::new($false, $true)
$In = [System.IO.StreamReader]::new([Console]::OpenStandardInput(), $Utf8)
$Out = [System.IO.StreamWriter]::new([Console]::OpenStandardOutput(), $Utf8)
$Out.NewLine = "`n"

function Write-Line([System.Collections.IDictionary] $Answer) {
    $Out.WriteLine((ConvertTo-Json -InputObject $Answer -Compress -Depth 4))
    $Out.Flush()
}

# Of an object the properties that are wanted, as texts, truths and lists of texts.
function ConvertTo-Row($Object, [string[]] $Select) {
    $row = [ordered]@{}
    foreach ($name in $Select) {
        $property = $Object.PSObject.Properties[$name]
        if ($null -eq $property -or $null -eq $property.Value) { continue }
        $value = $property.Value
        $row[$name] = if ($value -is [bool]) { $value }
        elseif ($value -is [string] -or $value -isnot [System.Collections.IEnumerable]) { [string] $value }
        else { , @($value | ForEach-Object { [string] $_ }) }
    }
    $row
}

# The name of Exchange's exception is in the text, or in the id: galway goes by it, as the words are translated.
function Write-Failure([long] $Id, [string] $Code, $Failure) {
    $message = '{0} [{1}; {2}]' -f $Failure.Exception.Message, $Failure.CategoryInfo.Category, $Failure.FullyQualifiedErrorId
    Write-Line @{ id = $Id; error = @{ code = $Code; message = $message } }
}

function Connect-Tenant {
    $how = @{
        AppId                   = $AppId
        Organization            = $Organization
        CertificateFilePath     = $CertificateFilePath
        ExchangeEnvironmentName = $ExchangeEnvironmentName
        ShowBanner              = $false
        SkipLoadingFormatData   = $true
        CommandName             = $Cmdlets
    }
    if ($CertificatePasswordFile) {
        $password = Get-Content -LiteralPath $CertificatePasswordFile -TotalCount 1
        $how.CertificatePassword = ConvertTo-SecureString -String $password -AsPlainText -Force
    }
    Import-Module -Name ExchangeOnlineManagement -MinimumVersion 3.0.0 *> $null
    Connect-ExchangeOnline @how *> $null
}

# The cmdlet by its name, with parameters by theirs: no text is ever run as a command.
function Invoke-Request($Request) {
    $id = [long] $Request.id
    $cmdlet = [string] $Request.cmdlet
    if ($cmdlet -cnotin $Cmdlets) {
        Write-Line @{ id = $id; error = @{ code = 'CommandNotFoundException'; message = "$cmdlet is not run here" } }
        return
    }
    $parameters = if ($null -ne $Request.parameters) { $Request.parameters } else { @{} }
    $select = if ($Request.ContainsKey('select')) { [string[]] $Request.select } else { [string[]] @('Guid', 'Name') }
    $page = [System.Collections.Generic.List[object]]::new()
    $count = 0
    & $cmdlet @parameters -ErrorAction Stop -WarningAction SilentlyContinue | ForEach-Object {
        $page.Add((ConvertTo-Row $_ $select))
        $count++
        if ($page.Count -ge $PageSize) {
            Write-Line @{ id = $id; result = $page.ToArray() }
            $page.Clear()
        }
    }
    if ($page.Count -gt 0) { Write-Line @{ id = $id; result = $page.ToArray() } }
    Write-Line @{ id = $id; end = $count }
}

$connected = $false
try {
    while ($null -ne ($line = $In.ReadLine())) {
        $request = ConvertFrom-Json -InputObject $line -AsHashtable -Depth 8
        try {
            if (-not $connected) {
                Connect-Tenant
                $connected = $true
            }
        }
        catch {
            Write-Failure $request.id 'bridge.connect' $_
            continue
        }
        try { Invoke-Request $request }
        catch { Write-Failure $request.id $_.Exception.GetType().FullName $_ }
    }
}
finally {
    if ($connected) { Disconnect-ExchangeOnline -Confirm:$false *> $null }
}
