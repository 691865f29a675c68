#!/usr/bin/env bash
# Makes the NuGet packages and tries them as a stranger would: the tool `hone` is installed from its package and runs the
# smallest quickstart; a project outside of the repository references the library packages, compiles the samples and runs
# them on the model that the quickstart released. Usage: eng/package-check.sh [FOLDER], where packages are left (artifacts/packages).
set -euo pipefail
cd "$(dirname "$0")/.."
packages=$(realpath -m "${1:-artifacts/packages}")
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
"$work/tool/hone" quickstart --output "$work/run" \
  --set data.limits.sft=512 --set data.limits.preferences=480 \
  --set data.held_out.sft=32 --set data.held_out.reward=48 --set data.held_out.selection=32 --set data.held_out.test=32 \
  --set online.iterations=1 --set online.prompts_per_iteration=32 --set online.batch_size=8 --set online.max_new_tokens=32 \
  --set evaluation.max_new_tokens=32 --set evaluation.bootstrap_samples=200 --set 'offline_dpo.beta_sweep=[]'

echo "== a project outside of the repository"
mkdir "$work/outside"
cp "$OLDPWD"/samples/*.cs "$work/outside"
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
