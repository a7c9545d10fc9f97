# docker build -f deploy/docker/bun.Dockerfile .
FROM oven/bun:1.4-slim
WORKDIR /app
ENV NODE_ENV=production \
    MALLOC_MMAP_THRESHOLD_=1048576
RUN bun add prom-client@15
COPY . .
USER bun
EXPOSE 8000
# Bun has no heap limit of its own: the watchdog collects before the container's limit is reached.
ENTRYPOINT ["bun", "examples/prometheus_service.ts"]
CMD ["8000", "0.0.0.0"]
