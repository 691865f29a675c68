# Hone on the CPU. Build: docker build -t hone . ; run: docker run --rm -v "$PWD:/work" hone quickstart
# The server listens in the container's own network only when it is told to: `-e HONE_API_KEY=... -p 8000:8000 ... serve MODEL --host 0.0.0.0`.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY . .
RUN dotnet publish src/Hone.Cli -c Release --output /hone

FROM mcr.microsoft.com/dotnet/aspnet:10.0
# bubblewrap and Python judge code that a model wrote (hone eval humaneval, mbpp); libgomp is libtorch's.
RUN apt-get update \
 && apt-get install --no-install-recommends -y bubblewrap python3 libgomp1 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /hone /hone
RUN useradd --create-home hone
USER hone
WORKDIR /work
ENTRYPOINT ["dotnet", "/hone/hone.dll"]
