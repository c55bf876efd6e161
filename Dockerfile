# The image of the action: one static binary and an empty /tmp.
#
# It needs nothing else. The certificates of the public authorities are compiled in (webpki-roots); a private authority
# comes in with `ca-file`. The time zones are compiled in too. There is no USER and no WORKDIR: GitHub sets both.
#
# The build image is an argument, so that a machine without a registry can bring its own (.ci/image does). It must hold
# cargo and a C compiler, and build static binaries by default, as the Alpine one does.
ARG RUST_IMAGE=rust:1.95-alpine

FROM ${RUST_IMAGE} AS build
WORKDIR /src
COPY . .
# A directory that is copied keeps the modes of what is in it; its own mode is not kept by every builder.
RUN cargo install --locked --path . --bin promote --root /out \
 && mkdir -p /image/tmp \
 && chmod 1777 /image/tmp \
 && cp /out/bin/promote /image/promote

FROM scratch
LABEL org.opencontainers.image.title="promote" \
      org.opencontainers.image.description="Promotes a version of a service between environments, and proves that it was right to" \
      org.opencontainers.image.source="https://github.com/org/promote-action" \
      org.opencontainers.image.licenses="Apache-2.0 OR MIT"
COPY --from=build /image/ /
ENTRYPOINT ["/promote"]
