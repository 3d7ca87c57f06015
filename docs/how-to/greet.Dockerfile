ARG BASE=headrace/task-contract:0.1.0
FROM ${BASE}
COPY greet.py /app/
ENTRYPOINT ["python", "/app/greet.py"]
