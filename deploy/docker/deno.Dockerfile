# docker build -f deploy/docker/deno.Dockerfile .
FROM denoland/deno:debian-2.9.0
WORKDIR /app
# Without the first of these, Deno sizes its heap by the host instead of the container.
ENV DENO_USE_CGROUPS=1 \
    DENO_DIR=/app/.deno \
    MALLOC_MMAP_THRESHOLD_=1048576
COPY . .
RUN deno add npm:prom-client@15 \
    && deno cache examples/prometheus_service.ts \
    && chown -R deno:deno .deno
USER deno
EXPOSE 8000
# -A: Deno reads /proc and /sys with all permissions only.
ENTRYPOINT ["deno", "run", "--cached-only", "-A", "examples/prometheus_service.ts"]
CMD ["8000", "0.0.0.0"]
