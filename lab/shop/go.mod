module github.com/rerig/rerig/lab/shop

go 1.26
