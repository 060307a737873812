# SPDX-License-Identifier: Apache-2.0
# The front door: each target is one line, the work is done in hack/ and by the programs.
# hack/with-go finds a Go that is new enough, or puts one into the cache.

GO   := hack/with-go
SIZE ?=
NAME ?= lab
LAB  := $(GO) bin/lab
size := $(if $(SIZE),--size $(SIZE))

.DEFAULT_GOAL := help
.PHONY: help demo test test-long build generate fmt lint lab-up lab-down lab-status lab-run clean

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r t d; do printf '  make %-11s %s\n' "$$t" "$$d"; done

demo: build ## a lab, a shop under load, and its move to another Istio in three waves
	@$(GO) go run ./hack/demo

test: build ## everything, the stories on the lab included (STORIES=NAME: only these)
	@$(GO) go run ./hack/test $(if $(STORIES),-stories '$(STORIES)')

test-long: build ## the stories alone, repeating themselves as make test has no time to
	@$(GO) go run ./hack/test -long

build: ## bin/rerig and bin/lab
	@$(GO) go build -o bin/ ./cmd/...
	@$(GO) go -C lab build -o ../bin/ ./cmd/...

generate: ## generated pages: docs/reference
	@$(GO) go test ./test/laws -run TestCoveragePage -update
	@$(GO) go test ./internal/cli -run TestCommandLinePage -update

fmt: ## format the code
	@$(GO) gofmt -w .

lint: ## the linter, by .golangci.yml
	@hack/lint

lab-up: build ## the lab (SIZE=real|hollow, NAME=lab)
	@$(LAB) up --name $(NAME) $(size)

lab-down: build ## the lab and everything it left running
	@$(LAB) down --name $(NAME)

lab-status: build ## what runs in the lab
	@$(LAB) status --name $(NAME)

lab-run: build ## a command inside the lab: make lab-run CMD='kubectl get pods -A'
	@$(LAB) run --name $(NAME) -- $(CMD)

clean: ## what was built here; the cache stays
	rm -rf bin dist
