#!/usr/bin/env bash
# Makes the pages of the public API from the comments in the source, with docfx (.config/dotnet-tools.json): artifacts/api/index.html.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build -c Release -v q
dotnet tool restore
dotnet docfx docs/api/docfx.json
