# docker build -f deploy/docker/node.Dockerfile .
FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production \
    MALLOC_MMAP_THRESHOLD_=1048576
RUN npm install --no-audit --no-fund prom-client@15 && npm pkg set type=module
COPY . .
USER node
EXPOSE 8000
# Node sizes its heap by the container. In this form of ENTRYPOINT, SIGTERM reaches the process.
ENTRYPOINT ["node", "examples/prometheus_service.ts"]
CMD ["8000", "0.0.0.0"]
