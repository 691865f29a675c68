#!/usr/bin/env bash
# Makes the NuGet packages and tries them as a stranger would: the tool `hone` is installed from its package and runs the
# smallest quickstart; a project outside of the repository references the library packages, compiles the samples and runs
# them on the model that the quickstart released. The packages stay in artifacts/packages.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
packages=$root/artifacts/packages
work=$(mktemp -d "${TMPDIR:-/tmp}/hone-packages.XXXXXX")
trap 'rm -rf "$work"' EXIT
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 NUGET_PACKAGES=${NUGET_PACKAGES:-$HOME/.nuget/packages}

rm -rf "$packages"
dotnet build -c Release src/Hone.Cli -v q
for project in src/Hone.*/; do dotnet pack -c Release --no-build "$project" --output "$packages" -v q; done
ls -l "$packages"

# Packages of this version from an earlier try would be taken from the cache in place of these.
for package in "$packages"/*.nupkg; do
  name=$(basename "$package" .nupkg)
  rm -rf "${NUGET_PACKAGES:?}/$(echo "${name%.*.*.*}" | tr '[:upper:]' '[:lower:]')"
done

echo "== the tool"
cd "$work"
dotnet tool install Hone.Cli --add-source "$packages" --tool-path "$work/tool"
"$work/tool/hone" --version
"$root/eng/smallest-quickstart.sh" "$work/run" "$work/tool/hone"

echo "== a project outside of the repository"
mkdir "$work/outside"
cp "$root"/samples/*.cs "$work/outside"
cd "$work/outside"
cat > nuget.config <<XML
<configuration><packageSources><add key="hone" value="$packages" /></packageSources></configuration>
XML
cat > outside.csproj <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <Nullable>enable</Nullable>
    <ImplicitUsings>enable</ImplicitUsings>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Hone.Workflow" Version="0.1.0" />
  </ItemGroup>
</Project>
XML
dotnet build -c Release -v q
for sample in chat dpo loop benchmark; do
  echo "-- $sample"
  dotnet bin/Release/net10.0/outside.dll "$sample" "$work/run/model"
done
echo "packages: all steps passed"
