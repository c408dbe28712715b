# The few commands that people use here; CI's are in .ci/run.

# What the image is built on, and what it is called.
BASE ?= alpine:3.22
TAG ?= baseinit:latest

# `make bench SCENARIO=start N=50` measures one thing, more often.
SCENARIO ?= all
N ?= 20

# `make fuzz FUZZTIME=1m` looks longer.
FUZZTIME ?= 5s

STATIC = CGO_ENABLED=0 go build -trimpath -ldflags='-s -w'
TOOLS = $(CURDIR)/.tools

.PHONY: help build test race lint fmt fuzz bench image tools clean

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 8

build: ## the static binary for this machine, bin/baseinit
	$(STATIC) -o bin/baseinit ./cmd/baseinit

test: ## all tests; what needs root or Docker skips without them
	go test ./...
	cd collector && go test ./...

race: ## all tests but the image's under the race detector
	go test -race -shuffle=on -timeout 25m $$(go list ./... | grep -v /image$$)

lint: tools ## golangci-lint, with gofumpt and gci among its checks
	$(TOOLS)/golangci-lint run ./...
	cd collector && $(TOOLS)/golangci-lint run ./...

fmt: tools ## format as lint wants it
	$(TOOLS)/golangci-lint fmt ./...
	cd collector && $(TOOLS)/golangci-lint fmt ./...

# The second try is for "context deadline exceeded", with which the end of the time sometimes
# fails (go.dev/issue/75804). What was found is in testdata by then, and fails again.
fuzz: ## each fuzz test for FUZZTIME
	@for dir in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -r -n1 dirname | sort -u); do \
		for name in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' $$dir/*_test.go); do \
			echo "fuzz $$dir $$name"; \
			go test -run='^$$' -fuzz="^$$name\$$" -fuzztime=$(FUZZTIME) $$dir || \
			go test -run='^$$' -fuzz="^$$name\$$" -fuzztime=$(FUZZTIME) $$dir || exit 1; \
		done; \
	done

bench: ## measure beside the peers, as root, into bench/README.md
	go run ./bench -scenario $(SCENARIO) -n $(N) -o bench/README.md

# The context holds the binary and nothing else. The engine may be as old as
# 20.10, without buildx, so the image is built by the legacy builder.
image: ## the Docker image TAG on BASE
	GOOS=linux $(STATIC) -o bin/image/baseinit ./cmd/baseinit
	DOCKER_BUILDKIT=0 docker build -q -f image/Dockerfile --build-arg BASE=$(BASE) -t $(TAG) bin/image

tools: ## lint and benchmark tools into .tools, at the versions of tools/go.mod, and CoreDNS
	@GOBIN=$(TOOLS) go install -modfile=tools/go.mod tool
	@cd tools/coredns && CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o $(TOOLS)/coredns .

clean: ## remove what was built
	rm -rf bin .tools
