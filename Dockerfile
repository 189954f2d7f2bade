# syntax=docker/dockerfile:1
FROM node:22-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY rules rules
COPY proxy proxy
COPY admin admin
COPY cli cli
COPY bench bench
RUN npm run build && rm -rf dist/bench

# Dependencies without what only builds and tests; the native part of lmdb comes ready made in a package of its own.
FROM node:22-bookworm-slim AS modules
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM node:22-bookworm-slim
ENV NODE_ENV=production \
    LEAKGATE_LISTEN=0.0.0.0:8080 \
    LEAKGATE_ADMIN=0.0.0.0:8081 \
    LEAKGATE_DATA=/data
WORKDIR /app
COPY package.json LICENSE README.md ./
COPY --from=modules /build/node_modules node_modules
COPY --from=build /build/dist dist
# The program belongs to root and runs as somebody who cannot change it.
RUN ln -s /app/dist/cli/main.js /usr/local/bin/leakgate && chmod 755 dist/cli/main.js \
    && install -d -o node -g node -m 700 /data \
    && install -d /etc/leakgate
USER node
VOLUME /data
EXPOSE 8080 8081
# ./leakgate.yaml is read from here.
WORKDIR /etc/leakgate
# Asks the admin listener, wherever LEAKGATE_ADMIN puts it. A container that runs `proxy` alone: --no-healthcheck.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["node", "-e", \
    "fetch('http://127.0.0.1:' + /[0-9]+$/.exec(process.env.LEAKGATE_ADMIN)[0] + '/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["leakgate"]
CMD ["serve"]
