# The app's image: runs `python run.py` as an unprivileged user. Keys and proxy_config.yaml are mounted, never copied.
ARG PYTHON_IMAGE=python:3.12-slim
FROM ${PYTHON_IMAGE}

ENV PYTHONUNBUFFERED=1 \
    LISTEN_ADDRESS=0.0.0.0 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

RUN groupadd --gid 10001 app \
    && useradd --uid 10001 --gid app --home-dir /app --no-create-home --shell /usr/sbin/nologin app

WORKDIR /app

# Copied before the code, so that a change to the code doesn't rebuild this layer. pip checks each download against the hashes in the file.
COPY requirements.txt ./
RUN pip install --no-cache-dir --compile --requirement requirements.txt

COPY magic_proxy ./magic_proxy
COPY run.py ./
# The app can't write to this folder, so without this, each start would compile the code again.
RUN python -m compileall -q magic_proxy

USER app
EXPOSE 8001 8002
CMD ["python", "run.py"]
