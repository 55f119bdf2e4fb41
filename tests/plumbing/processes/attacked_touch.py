import attacked

attacked.main("agent.touching.touch")
