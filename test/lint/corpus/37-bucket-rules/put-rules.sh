#!/bin/sh
aws s3api put-bucket-lifecycle-configuration --bucket files.toot.example --lifecycle-configuration file://lifecycle.json
